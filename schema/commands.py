"""What a phone did while it was offline, sent as one batch; every command ends in a named outcome."""

from dataclasses import fields
from typing import Annotated, Any
from uuid import UUID

import strawberry
from graphql import GraphQLError

import schema.enums  # noqa: F401  # shows the enumerations before any type uses one
from domain.commands import CommandOutcome
from domain.errors import Refusal as RefusalThing
from resolvers.batch import carried_out, in_order
from schema.context import Context, Info
from schema.followers import FollowRequestInput, ReportNotFixedInput, UnfollowRequestInput
from schema.graph import Node, edge, shown_as
from schema.refusal import Refusal
from schema.requests import AnswerFollowUpInput, SubmitRequestInput
from schema.tasks import AcknowledgeTaskInput, CompleteTaskInput, ReturnTaskInput, StartTaskInput

MAX_COMMANDS = 100


@strawberry.input(one_of=True, description="One command of a batch: exactly one of these (指令).")
class CommandInput:
    submit_request: strawberry.Maybe[SubmitRequestInput] = strawberry.field(default=None, description="Asks for something (提交诉求).")
    acknowledge_task: strawberry.Maybe[AcknowledgeTaskInput] = strawberry.field(default=None, description="Takes a task (签收).")
    start_task: strawberry.Maybe[StartTaskInput] = strawberry.field(default=None, description="Logs the contact and begins (开始办理).")
    return_task: strawberry.Maybe[ReturnTaskInput] = strawberry.field(default=None, description="Sends a task back (退单).")
    complete_task: strawberry.Maybe[CompleteTaskInput] = strawberry.field(default=None, description="Says that it is done (办结).")
    answer_follow_up: strawberry.Maybe[AnswerFollowUpInput] = strawberry.field(default=None, description="The last word (评价).")
    follow_request: strawberry.Maybe[FollowRequestInput] = strawberry.field(default=None, description="Follows a request (关注诉求).")
    unfollow_request: strawberry.Maybe[UnfollowRequestInput] = strawberry.field(default=None, description="Follows it no more (取消关注).")
    report_not_fixed: strawberry.Maybe[ReportNotFixedInput] = strawberry.field(
        default=None, description="Says that it is not fixed at one's own place (反映未解决)."
    )


def _subject(root: Any) -> Any:
    return root.subject_thing if shown_as(root.subject_thing) else None


def _refusal(root: Any) -> RefusalThing | None:
    refusal: RefusalThing | None = root.refusal_thing
    return refusal


@strawberry.type(description="How one command of a batch ended (指令结果).")
class CommandResult:
    command_id: UUID = strawberry.field(description="Which command (指令标识).")
    outcome: CommandOutcome = strawberry.field(description="How it ended (结果).")
    refusal: Any = edge(_refusal, Refusal | None, "Why not, where it was refused (拒绝原因).")
    subject: Any = edge(_subject, Node | None, "What it was about, as it is now (相关事项).")
    refusal_thing: strawberry.Private[RefusalThing | None] = None
    subject_thing: strawberry.Private[object | None] = None


async def apply_commands(
    info: Info, commands: Annotated[list[CommandInput], strawberry.argument(description="At most 100 (指令).")]
) -> list[CommandResult]:
    if len(commands) > MAX_COMMANDS:
        raise GraphQLError(f"a batch has at most {MAX_COMMANDS} commands", extensions={"code": "BAD_USER_INPUT"})
    results: dict[int, CommandResult] = {}
    for command in in_order([_given(command) for command in commands]):
        results[command.position] = await _apply(command.sent, info.context)
    return [results[position] for position in range(len(commands))]


def _given(command: CommandInput) -> Any:
    """The one command that the input holds."""
    return next(getattr(command, part.name).value.to_domain() for part in fields(command) if getattr(command, part.name) is not None)


async def _apply(sent: Any, context: Context) -> CommandResult:
    end = await carried_out(sent, by=context.actor, ports=context.ports)
    return CommandResult(command_id=sent.command_id, outcome=end.outcome, refusal_thing=end.refusal, subject_thing=end.subject)
