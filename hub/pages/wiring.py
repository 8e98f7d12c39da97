"""Builds the pages' service: for `hub.bootstrap`."""

from __future__ import annotations

from hub.accounts.service import AccountsService
from hub.applications.deciding import DecisionsService
from hub.applications.delegating import ChainsService, DelegationsService
from hub.applications.gathering import Gathering
from hub.applications.neighbours import Neighbours
from hub.applications.service import ApplicationsService
from hub.attendance.service import AttendanceService
from hub.audit.rows import AuditedRows
from hub.batteries.service import BatteriesService
from hub.bookings.backups import BookingBackups
from hub.bookings.facilities import FacilitiesService
from hub.bookings.service import BookingsService
from hub.commands.access import AccessService
from hub.commands.mode_service import ModesService
from hub.commands.service import CommandsService
from hub.door_tests.service import DoorTestsService
from hub.entries.service import EntriesService
from hub.feeds.service import FeedsService
from hub.feeds.trying import DryRun
from hub.keyboxes.service import KeyBoxes
from hub.leave.service import LeaveService
from hub.leave.yearly import YearlyLeave
from hub.notices.service import NoticesService
from hub.pages.account_pages import AccountPages
from hub.pages.application_pages import ApplicationPages
from hub.pages.card_pages import CardPages
from hub.pages.closing_pages import ClosingPages
from hub.pages.console import ConsolePages
from hub.pages.delegation_pages import DelegationPages
from hub.pages.door_pages import DoorPages
from hub.pages.feed_pages import FeedPages
from hub.pages.granting_pages import GrantingPages
from hub.pages.group_pages import GroupPages
from hub.pages.key_box_pages import KeyBoxPages
from hub.pages.key_set_pages import KeySetPages
from hub.pages.leave_pages import LeavePages
from hub.pages.notice_pages import NoticePages
from hub.pages.outsider_pages import OutsiderPages
from hub.pages.readiness_pages import ReadinessPages
from hub.pages.schedule_pages import SchedulePages
from hub.pages.staff_pages import StaffPages
from hub.pages.terminal_pages import TerminalPages
from hub.pages.visitor_pages import VisitorPages
from hub.pages.zone_pages import ZonePages
from hub.people.enrolment_service import EnrolmentService
from hub.policy.connections import Connections
from hub.policy.outlet import Outlet
from hub.readiness.service import ReadinessService
from hub.staff.service import StaffService
from hub.timesheets.alert_service import AlertService
from hub.timesheets.closing_sheets import ClosingSheets
from hub.timesheets.divergence_service import DivergenceService
from hub.visitors.service import VisitorsService
from hub.web.core import Core, Services
from hub.zones.service import ZonesService


def add_pages(core: Core, services: Services) -> None:
    """Add the pages of console, doors, key boxes and zones; topics' services are there already."""
    console = services.add(
        ConsolePages(
            core,
            services.get(EntriesService),
            services.get(BookingsService),
            services.get(AttendanceService),
            services.get(BatteriesService),
            Connections(services.get(Outlet)),
            services.get(KeyBoxes),
            services.get(BookingBackups),
            services.get(FeedsService),
        )
    )
    services.add(KeyBoxPages(console, services.get(KeyBoxes)))
    services.add(NoticePages(core, services.get(NoticesService), services.get(BookingsService)))
    services.add(
        FeedPages(services.get(FeedsService), services.get(DryRun), services.get(FacilitiesService))
    )
    services.add(StaffPages(core, services.get(StaffService), services.get(AccountsService)))
    services.add(ReadinessPages(console, services.get(ReadinessService)))
    services.add(
        ClosingPages(
            core,
            services.get(ClosingSheets),
            services.get(DivergenceService),
            services.get(AlertService),
            services.get(AttendanceService),
        )
    )
    services.add(VisitorPages(core, services.get(AuditedRows), services.get(VisitorsService)))
    rows, access = services.get(AuditedRows), services.get(AccessService)
    connections = Connections(services.get(Outlet))
    services.add(CardPages(core, rows, access, services.get(EnrolmentService), connections))
    services.add(KeySetPages(core, rows))
    services.add(OutsiderPages(core, rows))
    granting = services.add(GrantingPages(core, rows))
    services.add(GroupPages(core, rows, granting))
    services.add(SchedulePages(core, rows, granting))
    services.add(AccountPages(core, rows, services.get(AccountsService)))
    services.add(TerminalPages(core, rows, services.get(AttendanceService)))
    services.add(ZonePages(console, services.get(ZonesService)))
    services.add(
        DoorPages(
            console,
            services.get(CommandsService),
            services.get(ModesService),
            services.get(AccessService),
            services.get(DoorTestsService),
        )
    )
    _add_applications(core, services)


def _add_applications(core: Core, services: Services) -> None:
    neighbours, leave = services.get(Neighbours), services.get(LeaveService)
    services.add(
        ApplicationPages(
            core,
            services.get(ApplicationsService),
            services.get(DecisionsService),
            services.get(Gathering),
            neighbours,
            leave,
            services.get(AttendanceService),
        )
    )
    services.add(
        DelegationPages(core, services.get(DelegationsService), services.get(ChainsService))
    )
    services.add(LeavePages(core, leave, services.get(YearlyLeave)))
