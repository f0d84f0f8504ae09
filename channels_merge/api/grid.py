"""`/api/v1/grid/events`: the grid platform reports an event and asks what became of it."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.response import Response

from channels_merge import selectors
from channels_merge.api.serializers import (
    ErrorSerializer,
    KnownFieldsSerializer,
    ProgressSerializer,
    RegisteredSerializer,
)
from channels_merge.api.views import ChannelView, HasChannel
from channels_merge.selectors import grid as reads
from channels_merge.services import grid
from channels_merge.states import ChannelKind


def _words(label, most, help_text=""):
    return serializers.CharField(
        max_length=most, required=False, default="", allow_blank=True, label=label, help_text=help_text
    )


class GridEventSerializer(KnownFieldsSerializer):
    number = serializers.CharField(
        max_length=80, label="事件编号", help_text="网格平台自己的编号。同一编号只登记一次，重发得到同一结果。"
    )
    class_code = serializers.CharField(
        max_length=20, label="类别代码", help_text="见网格事件采集标准；各类别的必填字段也在那里。"
    )
    text = serializers.CharField(min_length=5, max_length=10_000, label="内容")
    title = _words("标题", 100)
    cell = _words("网格编码", 40)
    place = _words("详细地点", 200)
    subject = _words("涉事主体", 100)
    longitude = _words("经度", 20, "WGS84 或国测局坐标，十进制度。")
    latitude = _words("纬度", 20)
    people = _words("涉及人数", 6)
    found_at = serializers.DateTimeField(required=False, default=None, allow_null=True, label="发现时间")
    reporter = _words("上报人", 40)
    reporter_phone = _words("上报人电话", 20)


class GridProgressSerializer(ProgressSerializer):
    class_code = serializers.CharField(source="appeal.grid_event.event_class.code", label="类别代码")
    cell = serializers.CharField(source="appeal.grid_event.cell.code", default="", label="网格编码")


class OfGridPlatform(HasChannel):
    def has_permission(self, request, view):
        if not super().has_permission(request, view):
            return False
        if request.auth.kind != ChannelKind.GRID:
            raise exceptions.PermissionDenied("这把密钥不是网格渠道的。")
        return True


class GridView(ChannelView):
    permission_classes = [OfGridPlatform]


class GridEventCollection(GridView):
    @extend_schema(
        operation_id="report_grid_event",
        summary="网格平台上报一个事件",
        request=GridEventSerializer,
        responses={
            201: RegisteredSerializer,
            200: RegisteredSerializer,
            400: ErrorSerializer,
            401: ErrorSerializer,
            403: ErrorSerializer,
            409: ErrorSerializer,
        },
    )
    def post(self, request):
        """按采集标准检查必填字段；同一编号再送返回 200 和原结果，内容不同返回 409。"""
        if not isinstance(request.data, dict):
            raise exceptions.ParseError
        form = GridEventSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        reported = grid.report_grid_event(
            event=grid.Event(**form.validated_data), channel=request.auth, by=None, at=timezone.now()
        ).registered
        answer = RegisteredSerializer(
            {
                "number": reported.appeal.number,
                "code": reported.code,
                "state": reported.appeal.state,
                "state_name": reported.appeal.get_state_display(),
                "moved_out": reported.moved_out,
            }
        )
        return Response(answer.data, status=status.HTTP_201_CREATED if reported.is_new else status.HTTP_200_OK)


class GridEventItem(GridView):
    @extend_schema(
        operation_id="grid_event_progress",
        summary="查一个网格事件办到哪一步",
        responses={200: GridProgressSerializer, 401: ErrorSerializer, 403: ErrorSerializer, 404: ErrorSerializer},
    )
    def get(self, request, number):
        """按网格平台自己的编号查；结果也可以由接入平台推送，见 docs/lines.md。"""
        event = reads.event_of_number(request.auth, number)
        if event is None:
            raise exceptions.NotFound(f"没有收到过编号为 {number} 的网格事件。")
        return Response(GridProgressSerializer(selectors.progress_of(event.appeal)).data)
