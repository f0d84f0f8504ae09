"""Shape of what a channel sends and gets. Rules are in the services."""

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from hotline.models import Region
from tickets.states import Kind, Urgency


class KnownFieldsSerializer(serializers.Serializer):
    """Refuses a field that it does not know, by its name: a typing error of the sender is not lost silently."""

    def to_internal_value(self, data):
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                raise serializers.ValidationError({name: ["没有这个字段。"] for name in unknown})
        return super().to_internal_value(data)


class AppealSerializer(KnownFieldsSerializer):
    source_number = serializers.CharField(
        max_length=80, label="来源编号", help_text="本渠道自己的编号。同一编号只登记一次，重发得到同一结果。"
    )
    text = serializers.CharField(min_length=5, max_length=10_000, label="诉求内容")
    title = serializers.CharField(max_length=100, required=False, default="", allow_blank=True, label="标题")
    kind = serializers.ChoiceField(Kind.choices, required=False, default="", allow_blank=True, label="诉求类型")
    urgency = serializers.ChoiceField(Urgency.choices, required=False, default=Urgency.NORMAL, label="紧急程度")
    region = serializers.SlugRelatedField(
        "code", queryset=Region.objects.all(), required=False, default=None, allow_null=True, label="区划代码"
    )
    place = serializers.CharField(max_length=200, required=False, default="", allow_blank=True, label="详细地点")
    subject = serializers.CharField(max_length=100, required=False, default="", allow_blank=True, label="涉事主体")
    is_enterprise = serializers.BooleanField(required=False, default=False, label="涉企")
    occurred_at = serializers.DateTimeField(required=False, default=None, allow_null=True, label="来源时间")
    name = serializers.CharField(max_length=40, required=False, default="", allow_blank=True, label="姓名")
    phone = serializers.CharField(max_length=20, required=False, default="", allow_blank=True, label="电话")
    id_number = serializers.CharField(max_length=18, required=False, default="", allow_blank=True, label="证件号")
    account = serializers.CharField(max_length=80, required=False, default="", allow_blank=True, label="账号")
    hide_from_unit = serializers.BooleanField(required=False, default=True, label="对承办单位隐去姓名电话")
    is_anonymous = serializers.BooleanField(required=False, default=False, label="匿名")

    MATTER = ("text", "title", "kind", "urgency", "region", "place", "subject", "is_enterprise")
    PERSON = ("name", "phone", "id_number", "account", "hide_from_unit", "is_anonymous")


class RegisteredSerializer(serializers.Serializer):
    number = serializers.CharField(label="诉求编号")
    code = serializers.CharField(label="查询码", help_text="告诉诉求人；凭编号和查询码查进度。")
    state = serializers.CharField(label="状态代码")
    state_name = serializers.CharField(label="状态")
    moved_out = serializers.ListField(child=serializers.CharField(), label="正文中移出的号码（已隐去中间位）")


class StepSerializer(serializers.Serializer):
    at = serializers.DateTimeField(label="时间")
    title = serializers.CharField(label="事项")
    text = serializers.CharField(label="说明")


class ProgressSerializer(serializers.Serializer):
    number = serializers.CharField(source="appeal.number", label="诉求编号")
    source_number = serializers.CharField(source="appeal.source_number", label="来源编号")
    state = serializers.CharField(source="appeal.state", label="状态代码")
    state_name = serializers.CharField(source="label", label="状态")
    unit_name = serializers.CharField(label="办理单位")
    due_at = serializers.DateTimeField(source="promised_at", label="最晚办结时间")
    reply = serializers.CharField(label="答复")
    steps = StepSerializer(many=True, label="办理过程")


@extend_schema_serializer(component_name="Error")
class ErrorSerializer(serializers.Serializer):
    message = serializers.CharField(label="原因")
    fields = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()), required=False, label="各字段的错误"
    )
