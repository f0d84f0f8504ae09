"""The management pages of the three administrators: units, people, calendar, parameters; roles; security log. Business rows have none.

What changes more than a row's own fields has a page of its own that calls a service.
"""

from axes.utils import reset as forget_failures
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from hotline import services
from hotline.errors import DomainError
from hotline.limits import Limit
from hotline.models import (
    CalendarDay,
    CalendarYear,
    Parameter,
    Region,
    SecurityLog,
    Unit,
    User,
    WorkInterval,
)
from hotline.roles import ROLES, role_name
from hotline.services import NamedDay


@login_not_required
def staff_login(request, **kwargs):
    """One way in: the hotline's own log-in, with its lock-out and its log. Who is in already and no administrator gets 403."""
    if not request.user.is_authenticated:
        return redirect(f"{reverse('hotline:login')}?next={reverse('admin:index')}")
    if not admin.site.has_permission(request):
        raise PermissionDenied
    return redirect("admin:index")


admin.site.site_header = admin.site.site_title = "民意速办管理"
admin.site.index_title = "单位、人员、日历与参数"
admin.site.site_url = "/"
admin.site.login = staff_login
admin.site.unregister(Group)


def save_what_changed(row, form, *, change):
    """A row that is there is not written as a whole: its end, its password would be as they were when it was read."""
    row.save(update_fields=form.changed_data if change else None)


class ReadOnly(admin.ModelAdmin):
    list_per_page = 50
    actions = None

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class ActForm(forms.Form):
    """Input of a page that ends in one service call."""


class ActPage:
    """A page below a row or a list: a form, what it will do, one service call. A refusal keeps what was typed.

    What is `shown_once` stands in the answer itself: a message would lie in a cookie until it is read.
    """

    def act(self, request, *, form, title, does, button, back, notes=(), rows=None, ready=True, shown_once=False):
        if request.method == "POST" and form.is_valid() and ready:
            try:
                done = does(form.cleaned_data)
            except DomainError as refused:
                form.add_error(None, str(refused))
            else:
                if shown_once:
                    form, notes, button = ActForm(), [done], ""
                else:
                    messages.success(request, done)
                    return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "form": form,
            "title": title,
            "button": button,
            "notes": notes,
            "rows": rows,
            "back": back,
        }
        status = 422 if form.is_bound and form.errors else 200
        return TemplateResponse(request, "admin/hotline/act.html", context, status=status)


@admin.register(Region)
class RegionAdmin(ReadOnly):
    list_display = ["code", "name", "level", "parent"]
    list_filter = ["level"]
    search_fields = ["code", "name"]
    list_select_related = ["parent"]
    ordering = ["code"]


@admin.register(Unit)
class UnitAdmin(ActPage, admin.ModelAdmin):
    list_display = ["name", "short_name", "kind", "parent", "valid_from", "valid_until"]
    list_filter = ["kind"]
    search_fields = ["code", "name", "short_name"]
    list_select_related = ["parent"]
    list_per_page = 50
    ordering = ["code"]
    actions = None
    autocomplete_fields = ["parent", "region"]
    fields = [
        *["code", "name", "short_name", "kind", "function", "parent", "region"],
        *["duty_phone", "duty_hours", "valid_from", "valid_until", "successor"],
    ]
    readonly_fields = ["valid_until", "successor"]
    change_form_template = "admin/hotline/unit_change.html"

    def get_readonly_fields(self, request, obj=None):
        return [*self.readonly_fields, "code", "kind", "parent", "valid_from"] if obj else self.readonly_fields

    def get_form(self, request, obj=None, change=False, **kwargs):
        helps = {"function": "职责清单按这个代码找单位，照同类单位的填；没有同类的留空。"}
        return super().get_form(request, obj, change=change, help_texts=helps, **kwargs)

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        save_what_changed(obj, form, change=change)
        services.log_security(
            kind=SecurityLog.Kind.UNIT,
            user=request.user,
            subject=f"{'修改' if change else '新增'} {obj.code} {obj.name}",
            at=timezone.now(),
        )

    def get_urls(self):
        page = self.admin_site.admin_view(self.abolish)
        return [path("<int:pk>/abolish/", page, name="hotline_unit_abolish"), *super().get_urls()]

    def abolish(self, request, pk):
        if not self.has_change_permission(request):
            raise PermissionDenied
        unit = get_object_or_404(Unit, pk=pk)
        at = timezone.now()

        class AbolishForm(ActForm):
            successor = forms.ModelChoiceField(
                label="承接单位",
                queryset=Unit.objects.valid(at).exclude(pk=pk).order_by("code"),
                required=False,
                help_text="在办工单和在用人员转到承接单位。",
            )

        def does(data):
            services.abolish_unit(unit=unit, successor=data["successor"], by=request.user, at=at)
            return f"{unit.name}已撤销。"

        return self.act(
            request,
            form=AbolishForm(request.POST if request.method == "POST" else None),
            title=f"撤销 {unit.name}",
            does=does,
            button="撤销",
            back=reverse("admin:hotline_unit_change", args=[pk]),
            notes=[f"在用人员 {unit.users.filter(is_active=True).count()} 名。", *services.in_hand(unit)],
        )


FIRST_YEAR = 2000


class PersonForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["username", "name", "unit", "employment", "deputy", "away_from", "away_until"]

    def clean_away_from(self):
        """Of the first year of all there is no local time: the row of the person could never be read again."""
        away_from = self.cleaned_data["away_from"]
        if away_from and away_from.year < FIRST_YEAR:
            raise forms.ValidationError("离岗起的年份不对。")
        return away_from

    def clean(self):
        data = super().clean()
        away_from, away_until = data.get("away_from"), data.get("away_until")
        if away_until and (not away_from or away_until <= away_from):
            self.add_error("away_until", "离岗止须晚于离岗起。")
        deputy = data.get("deputy")
        if deputy and (deputy.pk == self.instance.pk or deputy.unit_id != getattr(data.get("unit"), "pk", None)):
            self.add_error("deputy", "代理人须是同一单位的另一人。")
        elif deputy and (deputy.is_staff or self.instance.is_staff):
            self.add_error("deputy", "系统管理员、安全管理员、审计管理员不代理别人，也不由别人代理。")
        if self.instance.pk and "unit" in self.changed_data and (held := services.in_hand(self.instance)):
            # Who sees it there is not told of it, and whoever is told does not see it.
            self.add_error("unit", f"名下还有{''.join(held)}先交给同事，再改单位。")
        return data


class RolesForm(ActForm):
    roles = forms.MultipleChoiceField(
        label="角色",
        choices=[(role.code, role.name) for role in ROLES.values()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


class RoleFilter(admin.SimpleListFilter):
    title = "角色"
    parameter_name = "role"

    def lookups(self, request, model_admin):
        return [(role.code, role.name) for role in ROLES.values()]

    def queryset(self, request, queryset):
        return queryset.filter(groups__name=self.value()) if self.value() else queryset


@admin.register(User)
class UserAdmin(ActPage, admin.ModelAdmin):
    """The system's administrator makes and ends accounts; the security administrator gives them roles and passwords."""

    form = PersonForm
    readonly_fields = ["role_names"]
    list_display = ["username", "name", "unit", "employment", "role_names", "is_active"]
    list_filter = [RoleFilter, "employment", "is_active"]
    search_fields = ["username", "name", "unit__name", "unit__short_name"]
    list_select_related = ["unit"]
    list_per_page = 50
    ordering = ["username"]
    autocomplete_fields = ["unit", "deputy"]
    actions = ["forget_failed_logins"]
    change_form_template = "admin/hotline/user_change.html"

    def has_delete_permission(self, request, obj=None):
        return False

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description="角色")
    def role_names(self, user):
        return "、".join(role_name(group.name) for group in user.groups.all())

    def save_model(self, request, obj, form, change):
        if not change:
            obj.set_unusable_password()
            messages.warning(request, f"{obj.name}（{obj.username}）还不能登录，请安全管理员给角色和初始密码。")
        save_what_changed(obj, form, change=change)
        services.log_security(
            kind=SecurityLog.Kind.PERSON,
            user=request.user,
            subject=f"{'修改' if change else '新增'} {obj.username}",
            at=timezone.now(),
        )

    def has_assign_permission(self, request):
        return request.user.has_perm("hotline.assign_roles")

    @admin.action(description="解除登录锁定", permissions=["assign"])
    def forget_failed_logins(self, request, queryset):
        for user in queryset:
            forget_failures(username=user.username)
            services.log_security(
                kind=SecurityLog.Kind.LOCKED_OUT,
                user=request.user,
                subject=f"解除 {user.username}",
                at=timezone.now(),
            )
        messages.success(request, f"已解除 {len(queryset)} 个工号的登录锁定。")

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/deactivate/", view(self.deactivate), name="hotline_user_deactivate"),
            path("<int:pk>/reset-password/", view(self.reset_password), name="hotline_user_reset"),
            path("<int:pk>/roles/", view(self.give_roles), name="hotline_user_roles"),
            *super().get_urls(),
        ]

    def deactivate(self, request, pk):
        if not self.has_change_permission(request):
            raise PermissionDenied
        user = get_object_or_404(User.objects.select_related("unit"), pk=pk)

        class DeactivateForm(ActForm):
            heir = forms.ModelChoiceField(
                label="接手人",
                queryset=User.objects.filter(unit=user.unit, is_active=True).exclude(pk=pk).order_by("username"),
                required=False,
                help_text="该人员名下在办的工单转给接手人。",
            )

        def does(data):
            services.deactivate_person(user=user, heir=data["heir"], by=request.user, at=timezone.now())
            return f"{user.name}（{user.username}）已停用。"

        return self.act(
            request,
            form=DeactivateForm(request.POST if request.method == "POST" else None),
            title=f"停用 {user.name}（{user.username}）",
            does=does,
            button="停用",
            back=reverse("admin:hotline_user_change", args=[pk]),
            notes=services.in_hand(user) or ["名下没有在办的。"],
        )

    def give_roles(self, request, pk):
        if not self.has_assign_permission(request):
            raise PermissionDenied
        user = get_object_or_404(User, pk=pk)

        def does(data):
            services.set_roles(user=user, roles=data["roles"], by=request.user, at=timezone.now())
            return f"{user.name}（{user.username}）的角色已定。"

        return self.act(
            request,
            form=RolesForm(
                request.POST if request.method == "POST" else None,
                initial={"roles": list(user.groups.values_list("name", flat=True))},
            ),
            title=f"给 {user.name}（{user.username}）角色",
            does=does,
            button="保存角色",
            back=reverse("admin:hotline_user_change", args=[pk]),
            notes=["系统管理员、安全管理员、审计管理员不得互相兼任，也不得兼任业务角色。"],
        )

    def reset_password(self, request, pk):
        if not self.has_assign_permission(request):
            raise PermissionDenied
        user = get_object_or_404(User, pk=pk)

        def does(data):
            password = services.reset_password(user=user, by=request.user, at=timezone.now())
            return f"{user.name}（{user.username}）的新密码：{password}。只显示这一次，登录后须修改。"

        return self.act(
            request,
            form=ActForm(request.POST if request.method == "POST" else None),
            title=f"重置 {user.name}（{user.username}）的密码",
            does=does,
            button="重置密码",
            back=reverse("admin:hotline_user_change", args=[pk]),
            shown_once=True,
        )


class CalendarForm(ActForm):
    year = forms.IntegerField(label="年份", min_value=2007, max_value=2100)
    source = forms.CharField(label="依据", max_length=200, help_text="如：国务院办公厅关于2027年部分节假日安排的通知")
    days = forms.CharField(
        label="放假与调休",
        widget=forms.Textarea(attrs={"rows": 16, "cols": 60}),
        help_text="每行一天：日期,名称,休 或 日期,名称,班。如 2027-01-01,元旦,休",
    )
    confirmed = forms.BooleanField(label="已核对受影响的时限，确认发布", required=False)

    def clean_days(self):
        days = []
        for number, line in enumerate(self.cleaned_data["days"].splitlines(), start=1):
            if line.strip():
                days.append(self._day(number, [part.strip() for part in line.replace("，", ",").split(",")]))
        return days

    def _day(self, number, parts):
        try:
            day, name, kind = parts
            return NamedDay(forms.DateField().clean(day), is_workday={"班": True, "休": False}[kind], name=name[:40])
        except (ValueError, KeyError, forms.ValidationError) as exc:
            raise forms.ValidationError(f"第 {number} 行看不懂，应写成 2027-01-01,元旦,休。") from exc


SHOWN_MOVES = 200


def _what_moves(count):
    shown = f"下面列出最早到期的 {SHOWN_MOVES} 个。" if count > SHOWN_MOVES else ""
    return f"发布后将有 {count} 个在计时限改变。{shown}勾选确认后再次提交即发布。"


class PublishPage(ActPage, ReadOnly):
    """A list with a page that shows which running clocks move, and publishes on confirmation."""

    change_list_template = "admin/hotline/calendar_list.html"

    def has_add_permission(self, request):
        return request.user.has_perm("hotline.administer_parameters")

    def add_view(self, request, form_url="", extra_context=None):
        """The overview offers 增加; what is added to a calendar is published."""
        return redirect(f"admin:hotline_{self.opts.model_name}_publish")

    def get_urls(self):
        page = self.admin_site.admin_view(self.publish)
        return [path("publish/", page, name=f"hotline_{self.opts.model_name}_publish"), *super().get_urls()]

    def publish(self, request):
        if not request.user.has_perm("hotline.administer_parameters"):
            raise PermissionDenied
        form = self.publish_form(request.POST or None)
        moves, ready = None, False
        if request.method == "POST" and form.is_valid():
            rules = {name: value for name, value in form.cleaned_data.items() if name not in {"source", "confirmed"}}
            try:
                moves = self.preview_service(**rules)
            except DomainError as refused:
                form.add_error(None, str(refused))
            else:
                ready = form.cleaned_data["confirmed"]

        def does(data):
            moved = self.publish_service(**rules, source=data["source"], by=request.user, at=timezone.now())
            return f"{self.published.format(**rules)}，{moved} 个在计时限已按新日历调整。"

        return self.act(
            request,
            form=form,
            title=f"发布{self.opts.verbose_name}",
            does=does,
            button="确认发布" if moves is not None else "查看影响",
            back=reverse(f"admin:hotline_{self.opts.model_name}_changelist"),
            notes=[] if moves is None else [_what_moves(len(moves))],
            rows=None if moves is None else moves[:SHOWN_MOVES],
            ready=ready,
        )


@admin.register(CalendarYear)
class CalendarYearAdmin(PublishPage):
    list_display = ["year", "version", "provisional", "source", "published_at"]
    list_filter = ["year"]
    ordering = ["-year", "-version"]
    publish_form = CalendarForm
    preview_service = staticmethod(services.preview_calendar)
    publish_service = staticmethod(services.publish_calendar)
    published = "{year} 年日历已发布"


@admin.register(CalendarDay)
class CalendarDayAdmin(ReadOnly):
    list_display = ["date", "name", "is_workday", "year", "version", "source"]
    list_filter = ["year", "is_workday"]
    ordering = ["-date"]

    def has_add_permission(self, request):
        return request.user.has_perm("hotline.administer_parameters")

    def add_view(self, request, form_url="", extra_context=None):
        """Days off are published with their whole year."""
        return redirect("admin:hotline_calendaryear_publish")


class HoursForm(ActForm):
    valid_from = forms.DateField(label="起用日期", help_text="从明天或以后的日期起改，如夏季作息。")
    intervals = forms.CharField(
        label="上班时段",
        widget=forms.Textarea(attrs={"rows": 4, "cols": 30}),
        help_text="每行一段，如 08:30-12:00",
    )
    source = forms.CharField(label="依据", max_length=200)
    confirmed = forms.BooleanField(label="已核对受影响的时限，确认发布", required=False)

    def clean_intervals(self):
        lines = enumerate(self.cleaned_data["intervals"].splitlines(), start=1)
        return [self._interval(number, line) for number, line in lines if line.strip()]

    def _interval(self, number, line):
        try:
            starts, ends = (forms.TimeField().clean(part.strip()) for part in line.replace("：", ":").split("-"))
        except (ValueError, forms.ValidationError) as exc:
            raise forms.ValidationError(f"第 {number} 行看不懂，应写成 08:30-12:00。") from exc
        return starts, ends


@admin.register(WorkInterval)
class WorkIntervalAdmin(PublishPage):
    list_display = ["valid_from", "starts", "ends"]
    ordering = ["-valid_from", "starts"]
    publish_form = HoursForm
    publish_service = staticmethod(services.publish_hours)
    published = "{valid_from:%Y-%m-%d} 起的上班时段已发布"

    @staticmethod
    def preview_service(**hours):
        return services.preview_hours(**hours, at=timezone.now())


class ParameterForm(forms.ModelForm):
    class Meta:
        model = Parameter
        fields = ["key", "value", "valid_from", "source", "note"]
        help_texts = {
            "value": "照现在的写法填。时限：30min 是 30 分钟，2h 是 2 小时，1d 是 1 天，2wh 是 2 个工作小时，3wd 是 3 个工作日；时段如 09:00-12:00。",
            "valid_from": "只能从现在或以后的时间起生效；留空为立即生效。",
            "note": "留空就沿用现在的说明。",
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        rows = Parameter.objects.filter(valid_from__lte=timezone.now()).order_by("key", "-valid_from").distinct("key")
        self.notes = {row.key: row.note for row in rows}
        now = [(row.key, f"{row.note or row.key}，现为 {row.value}（{row.key}）") for row in rows]
        self.fields["key"] = forms.ChoiceField(label="参数", choices=[("", "请选择"), *now])
        self.fields["valid_from"].required = False
        self.fields["source"].required = True

    def clean(self):
        data = super().clean()
        self.at = timezone.now()
        data["valid_from"] = data.get("valid_from") or self.at
        data["note"] = data.get("note") or self.notes.get(data.get("key"), "")
        if not self.errors:
            try:
                services.check_parameter(
                    key=data["key"], value=data["value"], valid_from=data["valid_from"], at=self.at
                )
            except DomainError as refused:
                self.add_error(None, str(refused))
        return data


@admin.register(Parameter)
class ParameterAdmin(ReadOnly):
    form = ParameterForm
    list_display = ["says", "value", "in_words", "valid_from", "source", "key"]
    search_fields = ["key", "note"]
    ordering = ["key", "-valid_from"]

    def has_add_permission(self, request):
        return request.user.has_perm("hotline.administer_parameters")

    @admin.display(description="说明", ordering="note")
    def says(self, row):
        return row.note or row.key

    @admin.display(description="即", empty_value="")
    def in_words(self, row):
        """A limit as people say it; other values say themselves."""
        try:
            return str(Limit.parse(row.value))
        except DomainError:
            return None

    def get_form(self, request, obj=None, **kwargs):
        # A value that was laid down is read; only a new one is typed.
        return super().get_form(request, obj, **kwargs, **({"form": forms.ModelForm} if obj else {}))

    def save_model(self, request, obj, form, change):
        row = services.set_parameter(
            key=obj.key,
            value=obj.value,
            valid_from=obj.valid_from,
            source=obj.source,
            note=obj.note,
            by=request.user,
            at=form.at,
        )
        obj.pk = row.pk


@admin.register(SecurityLog)
class SecurityLogAdmin(ReadOnly):
    list_display = ["at", "kind", "user", "subject", "address", "outcome", "reason"]
    list_filter = ["kind", "outcome"]
    search_fields = ["user__username", "subject"]
    list_select_related = ["user"]
    ordering = ["-at", "-id"]
    show_full_result_count = False

    def has_view_permission(self, request, obj=None):
        return request.user.has_perm("hotline.view_security_log")
