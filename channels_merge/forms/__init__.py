"""Shape of what people type. Rules are in the services; what was typed comes back with the sentence."""

from channels_merge.forms.acts import (
    AcceptForm,
    AnswerForm,
    ChoiceAndWordsForm,
    LinkForm,
    MergeSwitchForm,
    ReasonForm,
    TransferForm,
    UnlinkForm,
    WordsForm,
)
from channels_merge.forms.codes import CorrectCodeForm, MakeCodeForm, MoveCodeForm
from channels_merge.forms.lines import CodeForm, FolderForm, LineForm, LineLimitForm, PullForm, SourceForm
from channels_merge.forms.matters import CodePageForm, DeskForm, PublicForm, TrackForm
from channels_merge.forms.register import (
    ChangePhoneForm,
    ChannelForm,
    ChannelWordsForm,
    CheckPhoneForm,
    MilestoneForm,
    NewMilestoneForm,
    PhoneEntryForm,
    ReviseChannelForm,
)

__all__ = [
    "AcceptForm",
    "AnswerForm",
    "ChangePhoneForm",
    "ChannelForm",
    "ChannelWordsForm",
    "CheckPhoneForm",
    "ChoiceAndWordsForm",
    "CodeForm",
    "CodePageForm",
    "CorrectCodeForm",
    "DeskForm",
    "FolderForm",
    "LineForm",
    "LineLimitForm",
    "LinkForm",
    "MakeCodeForm",
    "MergeSwitchForm",
    "MilestoneForm",
    "MoveCodeForm",
    "NewMilestoneForm",
    "PhoneEntryForm",
    "PublicForm",
    "PullForm",
    "ReasonForm",
    "ReviseChannelForm",
    "SourceForm",
    "TrackForm",
    "TransferForm",
    "UnlinkForm",
    "WordsForm",
]
