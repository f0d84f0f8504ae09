"""`/api/v1/petitions`: the petition office sends its matters and asks which of them 12345 has too."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import exceptions, serializers, status
from rest_framework.response import Response

from channels_merge.api.serializers import ErrorSerializer, KnownFieldsSerializer
from channels_merge.api.views import ChannelView, HasChannel
from channels_merge.models import PetitionMatter
from channels_merge.selectors import petition as reads
from channels_merge.services import petition
from channels_merge.states import ChannelKind, PetitionState
from hotline.models import Region


class PetitionSerializer(KnownFieldsSerializer):
    number = serializers.CharField(max_length=60, label="信访编号", help_text="同一编号只留一件，再送更新状态。")
    received_at = serializers.DateTimeField(label="登记时间")
    state = serializers.ChoiceField(PetitionState.choices, label="状态")
    title = serializers.CharField(max_length=100, required=False, default="", allow_blank=True, label="标题")
    text = serializers.CharField(min_length=5, max_length=10_000, label="内容")
    name = serializers.CharField(max_length=40, required=False, default="", allow_blank=True, label="姓名")
    phone = serializers.CharField(
        max_length=20, required=False, default="", allow_blank=True, label="电话", help_text="只留摘要，用来比对。"
    )
    id_number = serializers.CharField(
        max_length=18, required=False, default="", allow_blank=True, label="证件号", help_text="只留摘要，用来比对。"
    )
    region = serializers.SlugRelatedField(
        "code",
        queryset=Region.objects.select_related("parent"),
        required=False,
        default=None,
        allow_null=True,
        label="区划代码",
    )
    unit_name = serializers.CharField(max_length=80, required=False, default="", allow_blank=True, label="承办单位")
    changed_at = serializers.DateTimeField(
        required=False, default=None, allow_null=True, label="更新时间", help_text="早于已收到的，不改。"
    )


class OurSideSerializer(serializers.Serializer):
    number = serializers.CharField(label="12345 编号")
    state_name = serializers.CharField(label="状态")
    unit_name = serializers.CharField(label="谁在办")


class KeptPetitionSerializer(serializers.Serializer):
    number = serializers.CharField(label="信访编号")
    state = serializers.CharField(label="状态代码")
    state_name = serializers.CharField(source="get_state_display", label="状态")
    changed_at = serializers.DateTimeField(label="更新时间")
    matches = serializers.SerializerMethodField(label="12345 同一件", help_text="核对为同一件的，只有编号和状态。")

    @extend_schema_field(OurSideSerializer(many=True))
    def get_matches(self, matter):
        return [_our_side(match) for match in reads.confirmed_of(matter)]


def _our_side(match):
    ticket = reads.ticket_of_match(match)
    shown = ticket or match.appeal
    unit = ticket.holder.unit.name if ticket and ticket.holder else ""
    return {"number": shown.number, "state_name": shown.get_state_display(), "unit_name": unit}


class OfPetitionOffice(HasChannel):
    def has_permission(self, request, view):
        if not super().has_permission(request, view):
            return False
        if request.auth.kind != ChannelKind.PETITION:
            raise exceptions.PermissionDenied("这把密钥不是信访渠道的。")
        return True


class PetitionView(ChannelView):
    permission_classes = [OfPetitionOffice]


class PetitionCollection(PetitionView):
    @extend_schema(
        operation_id="send_petition",
        summary="信访部门送来或更新一件信访事项",
        request=PetitionSerializer,
        responses={
            201: KeptPetitionSerializer,
            200: KeptPetitionSerializer,
            400: ErrorSerializer,
            401: ErrorSerializer,
            403: ErrorSerializer,
        },
    )
    def post(self, request):
        """新的返回 201；已有的更新后返回 200，再送一次结果相同。"""
        if not isinstance(request.data, dict):
            raise exceptions.ParseError
        form = PetitionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        kept = petition.take_in_petition(petition=petition.Petition(**form.validated_data), by=None, at=timezone.now())
        answer = KeptPetitionSerializer(kept.matter)
        return Response(answer.data, status=status.HTTP_201_CREATED if kept.outcome == "new" else status.HTTP_200_OK)


class PetitionItem(PetitionView):
    @extend_schema(
        operation_id="petition_state",
        summary="查一件信访事项在 12345 有没有同一件",
        responses={200: KeptPetitionSerializer, 401: ErrorSerializer, 403: ErrorSerializer, 404: ErrorSerializer},
    )
    def get(self, request, number):
        matter = PetitionMatter.objects.filter(number=number).first()
        if matter is None:
            raise exceptions.NotFound(f"没有收到过编号为 {number} 的信访事项。")
        return Response(KeptPetitionSerializer(matter).data)
