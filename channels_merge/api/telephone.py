"""`/api/v1/telephone/events`: what the call platform tells of its calls. Signed like the lines (docs/telephone.md)."""

from django.conf import settings
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.response import Response

from channels_merge import services, tasks
from channels_merge.api.lines import SIGNED, HasLine, Signature, Signer
from channels_merge.api.serializers import ErrorSerializer
from channels_merge.api.views import ChannelView
from channels_merge.models import CallEvent, Skill
from hotline import signing
from hotline.queue import enqueue


class PlatformSignature(Signature):
    """There is one call platform; its secret comes with the settings, either algorithm will do."""

    def signer(self, request):
        return Signer("telephone", settings.HOTLINE_TELEPHONE_SECRET, list(signing.ALGORITHMS), "telephone")


class PlatformSignatureScheme(OpenApiAuthenticationExtension):
    target_class = PlatformSignature
    name = "telephoneSignature"

    def get_security_definition(self, auto_schema):
        return {"type": "apiKey", "in": "header", "name": "X-Signature"}


class PhoneEventSerializer(serializers.Serializer):
    call_id = serializers.CharField(max_length=80, label="通话编号", help_text="呼叫平台自己编，一通电话一个。")
    event = serializers.ChoiceField(CallEvent.choices, label="事件")
    at = serializers.DateTimeField(label="发生时间", help_text="带时区，例如 2026-11-10T10:00:00+08:00。")
    number = serializers.CharField(
        max_length=30, required=False, default="", allow_blank=True, label="来电号码", help_text="不显示号码的留空。"
    )
    queue = serializers.ChoiceField(Skill.choices, required=False, default="", allow_blank=True, label="队列")
    extension = serializers.CharField(
        max_length=20,
        required=False,
        default="",
        allow_blank=True,
        label="分机",
        help_text="留空：该队列的坐席都振铃。",
    )
    recording = serializers.CharField(max_length=500, required=False, default="", allow_blank=True, label="录音地址")

    def validate_event(self, value):
        return str(value)


class KeptCallSerializer(serializers.Serializer):
    call_id = serializers.CharField(label="通话编号")
    kept = serializers.BooleanField(label="已收下")


class PhoneEvents(ChannelView):
    authentication_classes = [PlatformSignature]
    permission_classes = [HasLine]

    @extend_schema(
        operation_id="send_phone_event",
        summary="呼叫平台送来一个通话事件",
        parameters=SIGNED,
        request=PhoneEventSerializer,
        responses={200: KeptCallSerializer, 400: ErrorSerializer, 401: ErrorSerializer, 409: ErrorSerializer},
    )
    def post(self, request):
        """收下即返回 200；同一事件重发、先后颠倒都无妨。"""
        if not isinstance(request.data, dict):
            raise exceptions.ParseError
        form = PhoneEventSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        call = services.store_phone_event(event=services.PhoneEvent(**form.validated_data), at=timezone.now())
        if not call.is_settled:
            enqueue(tasks.settle_call, call_id=call.pk)
        return Response(KeptCallSerializer({"call_id": call.call_id, "kept": True}).data)
