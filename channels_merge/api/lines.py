"""`/api/v1/lines/<code>/`: another platform sends a message and asks what became of it. Both are signed (docs/lines.md)."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.cache import cache
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.authentication import BaseAuthentication
from rest_framework.response import Response

from channels_merge import selectors, services, tasks
from channels_merge.api.serializers import ErrorSerializer
from channels_merge.api.views import WRONG_KEYS_AN_HOUR, ChannelView, HasChannel
from channels_merge.states import LineEvent
from hotline import signing
from hotline.client_address import client_address
from hotline.queue import enqueue
from hotline.remembering import count


@dataclass(frozen=True)
class Signer:
    """Whose secret a request is to be signed with; an empty secret is right for nobody."""

    name: str
    secret: str
    algorithms: Sequence[str]
    who: object
    is_open: bool = True


class Signature(BaseAuthentication):
    """`X-Timestamp` and `X-Signature` over method, path, timestamp and body; `request.auth` is the signer's `who`."""

    def signer(self, request) -> Signer:
        raise NotImplementedError

    def authenticate(self, request):
        timestamp, signature = request.headers.get("X-Timestamp", ""), request.headers.get("X-Signature", "")
        if not timestamp or not signature:
            return None
        at = timezone.now()
        if not signing.is_fresh(timestamp, at=at):
            raise exceptions.AuthenticationFailed(
                f"X-Timestamp 与本机时间相差超过 5 分钟。本机现在是 {at.timestamp():.0f}。"
            )
        signer = self.signer(request)
        tries = f"line-signature:{signer.name}:{client_address(request)}:{at.timestamp() // 3600:.0f}"
        if cache.get(tries, 0) >= WRONG_KEYS_AN_HOUR:
            raise exceptions.Throttled(detail="签名多次不对，请一小时后再试。")
        # Somebody without a secret, or unknown, costs the same and is told the same.
        right = [
            signing.is_signed(
                signature=signature,
                secret=signer.secret,
                algorithm=algorithm,
                method=request.method,
                path=_target(request),
                timestamp=timestamp,
                body=request._request.body,
            )
            for algorithm in signer.algorithms
        ]
        if not signer.secret or not any(right):
            count(tries, seconds=3600)
            raise exceptions.AuthenticationFailed("签名不对。")
        if not signer.is_open:
            raise exceptions.PermissionDenied("这个平台的接入已停用。")
        return None, signer.who

    def authenticate_header(self, request):
        return "X-Signature"


def _target(request) -> str:
    """Path and query as they were sent: escapes may be written in more than one way, and one of them was signed."""
    return request.META.get("RAW_URI") or request.get_full_path()


class LineSignature(Signature):
    def signer(self, request):
        code = request.parser_context["kwargs"]["code"]
        line = selectors.line_of_code(code)
        if line is None:
            return Signer(code, "", ["HMAC-SHA256"], None)
        return Signer(code, line.secret, [line.algorithm], line, is_open=line.is_open)


class LineSignatureScheme(OpenApiAuthenticationExtension):
    target_class = LineSignature
    name = "lineSignature"

    def get_security_definition(self, auto_schema):
        return {"type": "apiKey", "in": "header", "name": "X-Signature"}


class HasLine(HasChannel):
    message = "请求头里没有 X-Timestamp 和 X-Signature。"


class MessageSerializer(serializers.Serializer):
    """Shape for the schema. What comes is stored as it is and read by the services."""

    message_id = serializers.CharField(
        max_length=80, label="消息编号", help_text="本平台自己编，不重复；重发用同一个。"
    )
    event = serializers.ChoiceField([choice for choice in LineEvent.choices if choice[0]], label="种类")
    number = serializers.CharField(max_length=80, label="来源编号", help_text="这件事在本平台的编号。")
    sent_at = serializers.DateTimeField(required=False, label="发送时间")
    data = serializers.DictField(required=False, label="内容", help_text="各种类的字段见 docs/lines.md。")


class KeptSerializer(serializers.Serializer):
    message_id = serializers.CharField(label="消息编号")
    state = serializers.CharField(label="状态代码", help_text="waiting、done、parked、dismissed")
    state_name = serializers.CharField(source="get_state_display", label="状态")
    reason = serializers.CharField(label="搁置的原因")
    our_number = serializers.CharField(source="appeal.number", default="", label="12345 的诉求编号")
    our_state = serializers.CharField(source="appeal.state", default="", label="诉求状态代码")


class LineView(ChannelView):
    authentication_classes = [LineSignature]
    permission_classes = [HasLine]


SIGNED = [
    OpenApiParameter("X-Timestamp", str, OpenApiParameter.HEADER, required=True, description="Unix 秒"),
    OpenApiParameter("X-Signature", str, OpenApiParameter.HEADER, required=True, description="64 位十六进制"),
]


class LineMessages(LineView):
    @extend_schema(
        operation_id="send_line_message",
        summary="平台送来一条消息",
        parameters=SIGNED,
        request=MessageSerializer,
        responses={202: KeptSerializer, 200: KeptSerializer, 401: ErrorSerializer, 409: ErrorSerializer},
    )
    def post(self, request, code):
        """先收下（202），随后处理；同一消息编号再送返回 200 和处理到哪一步；内容不同返回 409。"""
        body = request._request.body
        if not body:
            raise exceptions.ParseError
        stored = services.store_message(line=request.auth, body=body, at=timezone.now())
        if stored.is_new:
            enqueue(tasks.take_in, inbound_id=stored.message.pk)
        answer = KeptSerializer(stored.message)
        return Response(answer.data, status=status.HTTP_202_ACCEPTED if stored.is_new else status.HTTP_200_OK)


class LineMessage(LineView):
    @extend_schema(
        operation_id="line_message",
        summary="查一条消息处理到哪一步",
        parameters=SIGNED,
        responses={200: KeptSerializer, 401: ErrorSerializer, 404: ErrorSerializer},
    )
    def get(self, request, code, message_id):
        message = selectors.message_of_line(request.auth, message_id)
        if message is None:
            raise exceptions.NotFound(f"没有收到过编号为 {message_id} 的消息。")
        return Response(KeptSerializer(message).data)
