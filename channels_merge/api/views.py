"""`/api/v1/`: a channel files an appeal and asks how it stands. Who it is, its key says."""

from django.core.cache import cache
from django.core.exceptions import RequestDataTooBig
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, status
from rest_framework.authentication import BaseAuthentication
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from channels_merge import selectors, services
from channels_merge.api.serializers import AppealSerializer, ErrorSerializer, ProgressSerializer, RegisteredSerializer
from channels_merge.models import Appeal
from hotline.client_address import client_address
from hotline.errors import DomainError
from hotline.remembering import count
from hotline.typed import clean

WRONG_KEYS_AN_HOUR = 30


class ChannelKey(BaseAuthentication):
    """`X-Channel-Key: <key>`; `request.auth` is the channel, there is no person."""

    keyword = "X-Channel-Key"

    def authenticate(self, request):
        key = request.headers.get(self.keyword, "")
        if not key:
            return None
        tries = f"channel-key:{client_address(request)}:{timezone.now().timestamp() // 3600:.0f}"
        if cache.get(tries, 0) >= WRONG_KEYS_AN_HOUR:
            raise exceptions.Throttled(detail="接口密钥多次不对，请一小时后再试。")
        channel = selectors.channel_of_key(key)
        if channel is None:
            count(tries, seconds=3600)
            raise exceptions.AuthenticationFailed("接口密钥不对，或渠道已停用。")
        return None, channel

    def authenticate_header(self, request):
        return self.keyword


class ChannelKeyScheme(OpenApiAuthenticationExtension):
    target_class = ChannelKey
    name = "channelKey"

    def get_security_definition(self, auto_schema):
        return {"type": "apiKey", "in": "header", "name": ChannelKey.keyword}


class HasChannel(BasePermission):
    message = "请求头里没有接口密钥 X-Channel-Key。"

    def has_permission(self, request, view):
        return request.auth is not None


def in_chinese(exc, context):
    """Every error as {"message": …}; a refusal of the services is 400, a number used twice 409."""
    if isinstance(exc, (services.SourceNumberTaken, services.SameIdOtherBody, services.OtherNumber)):
        return Response({"message": clean(str(exc))}, status=status.HTTP_409_CONFLICT)
    if isinstance(exc, DomainError):
        return Response({"message": clean(str(exc))}, status=status.HTTP_400_BAD_REQUEST)
    if isinstance(exc, exceptions.ValidationError):
        said = exc.detail if isinstance(exc.detail, dict) else {"请求": exc.detail}
        # A sentence quotes what was sent: half a character cannot be sent back.
        fields = {clean(name): [clean(str(error)) for error in errors] for name, errors in said.items()}
        first = next(iter(fields))
        return Response(
            {"message": f"{first}：{''.join(fields[first])}", "fields": fields},
            status=status.HTTP_400_BAD_REQUEST,
        )
    if isinstance(exc, RequestDataTooBig):
        return Response({"message": "请求内容太长，没有登记。"}, status=status.HTTP_413_REQUEST_ENTITY_TOO_LARGE)
    if isinstance(exc, exceptions.ParseError):
        return Response({"message": "请求内容不是正确的 JSON 对象。"}, status=status.HTTP_400_BAD_REQUEST)
    if isinstance(exc, exceptions.UnsupportedMediaType):
        return Response({"message": "请求内容须为 application/json。"}, status=exc.status_code)
    if isinstance(exc, exceptions.APIException):
        headers = {"WWW-Authenticate": exc.auth_header} if getattr(exc, "auth_header", None) else None
        return Response({"message": str(exc.detail)}, status=exc.status_code, headers=headers)
    return None


class StrictJSONParser(JSONParser):
    """What is nested without end, or has a name twice, is refused with a sentence; what is no JSON as ever."""

    def parse(self, stream, media_type=None, parser_context=None):
        return services.read_json(stream.read())


class ChannelView(APIView):
    authentication_classes = [ChannelKey]
    permission_classes = [HasChannel]
    parser_classes = [StrictJSONParser]
    renderer_classes = [JSONRenderer]

    def get_exception_handler(self):
        return in_chinese


class AppealCollection(ChannelView):
    @extend_schema(
        operation_id="register_appeal",
        summary="登记一件诉求",
        request=AppealSerializer,
        responses={
            201: RegisteredSerializer,
            200: RegisteredSerializer,
            400: ErrorSerializer,
            401: ErrorSerializer,
            409: ErrorSerializer,
        },
    )
    def post(self, request):
        """同一渠道的同一来源编号只登记一次：重发返回 200 和原结果；内容不同返回 409。"""
        if not isinstance(request.data, dict):
            raise exceptions.ParseError
        form = AppealSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        sent = form.validated_data
        registered = services.register_appeal(
            channel=request.auth,
            matter=services.Matter(**{name: sent[name] for name in AppealSerializer.MATTER}),
            person=services.Person(**{name: sent[name] for name in AppealSerializer.PERSON}),
            source_number=sent["source_number"],
            source_at=sent["occurred_at"],
            by=None,
            at=timezone.now(),
        )
        answer = RegisteredSerializer(
            {
                "number": registered.appeal.number,
                "code": registered.code,
                "state": registered.appeal.state,
                "state_name": registered.appeal.get_state_display(),
                "moved_out": registered.moved_out,
            }
        )
        return Response(answer.data, status=status.HTTP_201_CREATED if registered.is_new else status.HTTP_200_OK)


class AppealItem(ChannelView):
    @extend_schema(
        operation_id="appeal_progress",
        summary="查一件诉求办到哪一步",
        responses={200: ProgressSerializer, 401: ErrorSerializer, 404: ErrorSerializer},
    )
    def get(self, request, number):
        """只能查本渠道送来的诉求。"""
        appeal = (
            Appeal.objects.select_related("contact", "channel").filter(number=number, channel=request.auth).first()
        )
        if appeal is None:
            raise exceptions.NotFound(f"没有编号为 {number} 的诉求，或不是本渠道送来的。")
        return Response(ProgressSerializer(selectors.progress_of(appeal)).data)
