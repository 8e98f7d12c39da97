"""The first schema: every table of every topic, for SQLite and PostgreSQL.

Written by `python -m hub.database.draft_migration`.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
    dialect = op.get_bind().dialect.name
    for statement in POSTGRESQL if dialect == "postgresql" else SQLITE:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """There is nothing before the first schema."""
    raise RuntimeError("restore a backup instead: there is no schema before the first")


SQLITE = [
    r"""
CREATE TABLE counters (
	town_id VARCHAR(36) NOT NULL,
	name VARCHAR(64) NOT NULL,
	value BIGINT NOT NULL,
	CONSTRAINT pk_counters PRIMARY KEY (town_id, name)
)
""",
    r"""
CREATE TABLE punches (
	town_id VARCHAR(36) NOT NULL,
	id BIGINT NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	reader_id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80),
	credential_id VARCHAR(80) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	direction VARCHAR(64) NOT NULL,
	at DATETIME NOT NULL,
	corrected_at DATETIME NOT NULL,
	trusted BOOLEAN NOT NULL,
	boot VARCHAR(36) NOT NULL,
	mono_ns BIGINT NOT NULL,
	received_at DATETIME NOT NULL,
	CONSTRAINT pk_punches PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_punches_person ON punches (town_id, person_id, corrected_at, id)
""",
    r"""
CREATE INDEX ix_punches_time ON punches (town_id, corrected_at, id)
""",
    r"""
CREATE TABLE entries (
	town_id VARCHAR(36) NOT NULL,
	id BIGINT NOT NULL,
	kind VARCHAR(32) NOT NULL,
	topic VARCHAR(64) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	at DATETIME NOT NULL,
	occurred_at DATETIME NOT NULL,
	received_at DATETIME NOT NULL,
	clock VARCHAR(64) NOT NULL,
	boot VARCHAR(36) NOT NULL,
	mono_ns BIGINT NOT NULL,
	touched_by BIGINT NOT NULL,
	result VARCHAR(64),
	reason VARCHAR(64),
	factor VARCHAR(64),
	door_id VARCHAR(80),
	reader_id VARCHAR(80),
	device_id VARCHAR(80),
	person_id VARCHAR(80),
	credential_id VARCHAR(80),
	grant_id VARCHAR(80),
	booking_id VARCHAR(80),
	actor_id VARCHAR(80),
	command_id VARCHAR(80),
	act VARCHAR(80),
	outcome VARCHAR(64),
	observed VARCHAR(64),
	opened_at DATETIME,
	card_namespace VARCHAR(32),
	card_digest VARCHAR(64),
	cause VARCHAR(64) NOT NULL,
	amount BIGINT,
	CONSTRAINT pk_entries PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_entries_act ON entries (town_id, controller_id, act) WHERE act IS NOT NULL
""",
    r"""
CREATE INDEX ix_entries_booking ON entries (town_id, booking_id, occurred_at, id)
""",
    r"""
CREATE INDEX ix_entries_door ON entries (town_id, door_id, occurred_at, id)
""",
    r"""
CREATE INDEX ix_entries_kind ON entries (town_id, kind, occurred_at, id)
""",
    r"""
CREATE INDEX ix_entries_person ON entries (town_id, person_id, occurred_at, id)
""",
    r"""
CREATE INDEX ix_entries_time ON entries (town_id, occurred_at, id)
""",
    r"""
CREATE INDEX ix_entries_topic ON entries (town_id, topic, occurred_at, id)
""",
    r"""
CREATE INDEX ix_entries_touched ON entries (town_id, touched_by)
""",
    r"""
CREATE INDEX ix_entries_unsure ON entries (town_id, controller_id, boot) WHERE clock = 'untrusted'
""",
    r"""
CREATE TABLE door_states (
	town_id VARCHAR(36) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	leaf VARCHAR(64) NOT NULL,
	leaf_since DATETIME,
	bolt VARCHAR(64) NOT NULL,
	bolt_since DATETIME,
	held_since DATETIME,
	forced_since DATETIME,
	modes JSON NOT NULL,
	heard_at DATETIME,
	touched_by BIGINT NOT NULL,
	CONSTRAINT pk_door_states PRIMARY KEY (town_id, door_id)
)
""",
    r"""
CREATE INDEX ix_door_states_touched ON door_states (town_id, touched_by)
""",
    r"""
CREATE TABLE device_states (
	town_id VARCHAR(36) NOT NULL,
	device_id VARCHAR(80) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	contact VARCHAR(64) NOT NULL,
	contact_since DATETIME,
	cause VARCHAR(64) NOT NULL,
	tamper_since DATETIME,
	power_failed_since DATETIME,
	fire_since DATETIME,
	battery_mv INTEGER,
	battery_dc INTEGER,
	battery_at DATETIME,
	heard_at DATETIME,
	CONSTRAINT pk_device_states PRIMARY KEY (town_id, device_id)
)
""",
    r"""
CREATE TABLE alarms (
	town_id VARCHAR(36) NOT NULL,
	id BIGINT NOT NULL,
	kind VARCHAR(64) NOT NULL,
	subject VARCHAR(80) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80),
	device_id VARCHAR(80),
	raised_at DATETIME NOT NULL,
	last_at DATETIME NOT NULL,
	last_received_at DATETIME NOT NULL,
	times BIGINT NOT NULL,
	cause VARCHAR(64) NOT NULL,
	cleared_at DATETIME,
	CONSTRAINT pk_alarms PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_alarms_raised ON alarms (town_id, raised_at)
""",
    r"""
CREATE INDEX ix_alarms_subject ON alarms (town_id, kind, subject, id)
""",
    r"""
CREATE TABLE alarm_acknowledgements (
	town_id VARCHAR(36) NOT NULL,
	alarm_id BIGINT NOT NULL,
	user_id VARCHAR(80) NOT NULL,
	at DATETIME NOT NULL,
	note VARCHAR(500) NOT NULL,
	CONSTRAINT pk_alarm_acknowledgements PRIMARY KEY (town_id, alarm_id)
)
""",
    r"""
CREATE TABLE people (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_kana VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	staff_number VARCHAR(40),
	department VARCHAR(100) NOT NULL,
	state VARCHAR(64) NOT NULL,
	anti_passback_exempt BOOLEAN NOT NULL,
	long_unlock BOOLEAN NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_people PRIMARY KEY (town_id, id),
	CONSTRAINT uq_people_town_id_staff_number UNIQUE (town_id, staff_number)
)
""",
    r"""
CREATE TABLE groups (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_groups PRIMARY KEY (town_id, id),
	CONSTRAINT uq_groups_town_id_name UNIQUE (town_id, name)
)
""",
    r"""
CREATE TABLE calendars (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	source VARCHAR(64) NOT NULL,
	added JSON NOT NULL,
	removed JSON NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_calendars PRIMARY KEY (town_id, id),
	CONSTRAINT uq_calendars_town_id_name UNIQUE (town_id, name)
)
""",
    r"""
CREATE TABLE projection_watermarks (
	town_id VARCHAR(36) NOT NULL,
	name VARCHAR(32) NOT NULL,
	raw_id BIGINT NOT NULL,
	CONSTRAINT pk_projection_watermarks PRIMARY KEY (town_id, name)
)
""",
    r"""
CREATE TABLE projection_rejects (
	town_id VARCHAR(36) NOT NULL,
	raw_id BIGINT NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	reason VARCHAR(64) NOT NULL,
	detail VARCHAR(200) NOT NULL,
	CONSTRAINT pk_projection_rejects PRIMARY KEY (town_id, raw_id)
)
""",
    r"""
CREATE TABLE clock_anchors (
	town_id VARCHAR(36) NOT NULL,
	raw_id BIGINT NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	boot VARCHAR(36) NOT NULL,
	mono_ns BIGINT NOT NULL,
	at DATETIME NOT NULL,
	error_ms INTEGER,
	CONSTRAINT pk_clock_anchors PRIMARY KEY (town_id, raw_id)
)
""",
    r"""
CREATE INDEX ix_clock_anchors_boot ON clock_anchors (town_id, controller_id, boot, raw_id)
""",
    r"""
CREATE TABLE sites (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	name_kana VARCHAR(100) NOT NULL,
	address VARCHAR(200) NOT NULL,
	phone VARCHAR(40) NOT NULL,
	horizon_hours INTEGER NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_sites PRIMARY KEY (town_id, id),
	CONSTRAINT uq_sites_town_id_name UNIQUE (town_id, name)
)
""",
    r"""
CREATE TABLE idempotency_keys (
	town_id VARCHAR(36) NOT NULL,
	actor VARCHAR(80) NOT NULL,
	"key" VARCHAR(128) NOT NULL,
	request_hash VARCHAR(64) NOT NULL,
	status INTEGER NOT NULL,
	answer JSON NOT NULL,
	kept_at DATETIME NOT NULL,
	CONSTRAINT pk_idempotency_keys PRIMARY KEY (town_id, actor, "key")
)
""",
    r"""
CREATE INDEX ix_idempotency_keys_kept_at ON idempotency_keys (town_id, kept_at)
""",
    r"""
CREATE TABLE group_members (
	town_id VARCHAR(36) NOT NULL,
	group_id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	CONSTRAINT pk_group_members PRIMARY KEY (town_id, group_id, person_id),
	CONSTRAINT fk_group_members_town_id_group_id FOREIGN KEY(town_id, group_id) REFERENCES groups (town_id, id),
	CONSTRAINT fk_group_members_town_id_person_id FOREIGN KEY(town_id, person_id) REFERENCES people (town_id, id)
)
""",
    r"""
CREATE INDEX ix_group_members_person_id ON group_members (person_id)
""",
    r"""
CREATE TABLE cards (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80),
	namespace VARCHAR(32) NOT NULL,
	identity BLOB NOT NULL,
	identity_index VARCHAR(64) NOT NULL,
	label VARCHAR(100) NOT NULL,
	profile VARCHAR(128),
	public_key VARCHAR(200),
	state VARCHAR(64) NOT NULL,
	state_reason VARCHAR(200) NOT NULL,
	state_changed_at DATETIME NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_cards PRIMARY KEY (town_id, id),
	CONSTRAINT fk_cards_town_id_person_id FOREIGN KEY(town_id, person_id) REFERENCES people (town_id, id),
	CONSTRAINT uq_cards_town_id_identity_index UNIQUE (town_id, identity_index)
)
""",
    r"""
CREATE INDEX ix_cards_person_id ON cards (person_id)
""",
    r"""
CREATE TABLE schedules (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	tz VARCHAR(64) NOT NULL,
	week JSON NOT NULL,
	calendar_id VARCHAR(80),
	holiday_spans JSON NOT NULL,
	exceptions JSON NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_schedules PRIMARY KEY (town_id, id),
	CONSTRAINT fk_schedules_town_id_calendar_id FOREIGN KEY(town_id, calendar_id) REFERENCES calendars (town_id, id),
	CONSTRAINT uq_schedules_town_id_name UNIQUE (town_id, name)
)
""",
    r"""
CREATE TABLE controllers (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	site_id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	state VARCHAR(64) NOT NULL,
	has_rtc BOOLEAN NOT NULL,
	settings JSON NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_controllers PRIMARY KEY (town_id, id),
	CONSTRAINT fk_controllers_town_id_site_id FOREIGN KEY(town_id, site_id) REFERENCES sites (town_id, id),
	CONSTRAINT uq_controllers_id UNIQUE (id)
)
""",
    r"""
CREATE TABLE zones (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	site_id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	anti_passback VARCHAR(64) NOT NULL,
	occupancy_max INTEGER,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_zones PRIMARY KEY (town_id, id),
	CONSTRAINT fk_zones_town_id_site_id FOREIGN KEY(town_id, site_id) REFERENCES sites (town_id, id),
	CONSTRAINT uq_zones_town_id_site_id_name UNIQUE (town_id, site_id, name)
)
""",
    r"""
CREATE TABLE doors (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	site_id VARCHAR(80) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	state VARCHAR(64) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	name_kana VARCHAR(100) NOT NULL,
	key_holder VARCHAR(200) NOT NULL,
	egress TEXT NOT NULL,
	unlock_ms INTEGER NOT NULL,
	held_after_ms INTEGER NOT NULL,
	detect_forced BOOLEAN NOT NULL,
	min_assurance VARCHAR(64) NOT NULL,
	min_digits INTEGER NOT NULL,
	strike JSON,
	contact JSON,
	bolt JSON,
	rex JSON,
	mechanical_key JSON,
	"fail" VARCHAR(64) NOT NULL,
	on_untrusted_clock VARCHAR(64) NOT NULL,
	on_journal_failure VARCHAR(64) NOT NULL,
	zone_in VARCHAR(80),
	zone_out VARCHAR(80),
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_doors PRIMARY KEY (town_id, id),
	CONSTRAINT fk_doors_town_id_site_id FOREIGN KEY(town_id, site_id) REFERENCES sites (town_id, id),
	CONSTRAINT fk_doors_town_id_controller_id FOREIGN KEY(town_id, controller_id) REFERENCES controllers (town_id, id),
	CONSTRAINT fk_doors_town_id_zone_in FOREIGN KEY(town_id, zone_in) REFERENCES zones (town_id, id),
	CONSTRAINT fk_doors_town_id_zone_out FOREIGN KEY(town_id, zone_out) REFERENCES zones (town_id, id),
	CONSTRAINT uq_doors_town_id_site_id_name UNIQUE (town_id, site_id, name)
)
""",
    r"""
CREATE INDEX ix_doors_controller_id ON doors (controller_id)
""",
    r"""
CREATE INDEX ix_doors_site_id ON doors (site_id)
""",
    r"""
CREATE TABLE devices (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	state VARCHAR(64) NOT NULL,
	name VARCHAR(100) NOT NULL,
	driver VARCHAR(64) NOT NULL,
	port VARCHAR(64) NOT NULL,
	address INTEGER NOT NULL,
	reader_name VARCHAR(128),
	secret BLOB,
	sealed TEXT,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_devices PRIMARY KEY (town_id, id),
	CONSTRAINT fk_devices_town_id_controller_id FOREIGN KEY(town_id, controller_id) REFERENCES controllers (town_id, id),
	CONSTRAINT uq_devices_town_id_controller_id_port_address UNIQUE (town_id, controller_id, port, address)
)
""",
    r"""
CREATE TABLE grants (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80),
	group_id VARCHAR(80),
	card_id VARCHAR(80),
	start_at DATETIME,
	end_at DATETIME,
	schedule_id VARCHAR(80),
	needs_pin BOOLEAN NOT NULL,
	state VARCHAR(64) NOT NULL,
	note VARCHAR(200) NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_grants PRIMARY KEY (town_id, id),
	CONSTRAINT fk_grants_town_id_door_id FOREIGN KEY(town_id, door_id) REFERENCES doors (town_id, id),
	CONSTRAINT fk_grants_town_id_person_id FOREIGN KEY(town_id, person_id) REFERENCES people (town_id, id),
	CONSTRAINT fk_grants_town_id_group_id FOREIGN KEY(town_id, group_id) REFERENCES groups (town_id, id),
	CONSTRAINT fk_grants_town_id_card_id FOREIGN KEY(town_id, card_id) REFERENCES cards (town_id, id),
	CONSTRAINT fk_grants_town_id_schedule_id FOREIGN KEY(town_id, schedule_id) REFERENCES schedules (town_id, id),
	CONSTRAINT ck_grants_one_subject CHECK ((CASE WHEN person_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN group_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN card_id IS NULL THEN 0 ELSE 1 END) = 1),
	CONSTRAINT ck_grants_window CHECK (start_at IS NULL OR end_at IS NULL OR start_at < end_at)
)
""",
    r"""
CREATE INDEX ix_grants_card_id ON grants (card_id)
""",
    r"""
CREATE INDEX ix_grants_door_id ON grants (door_id)
""",
    r"""
CREATE INDEX ix_grants_group_id ON grants (group_id)
""",
    r"""
CREATE INDEX ix_grants_person_id ON grants (person_id)
""",
    r"""
CREATE INDEX ix_grants_schedule_id ON grants (schedule_id)
""",
    r"""
CREATE TABLE readers (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	device_id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80),
	state VARCHAR(64) NOT NULL,
	name VARCHAR(100) NOT NULL,
	channel INTEGER NOT NULL,
	side VARCHAR(64) NOT NULL,
	keypad BOOLEAN NOT NULL,
	cards BOOLEAN NOT NULL,
	profiles JSON NOT NULL,
	assurance VARCHAR(64) NOT NULL,
	punch VARCHAR(64) NOT NULL,
	key_timeout_ms INTEGER NOT NULL,
	max_keys INTEGER NOT NULL,
	tries INTEGER NOT NULL,
	budget_window_s INTEGER NOT NULL,
	lockout_s INTEGER NOT NULL,
	lockout_max_s INTEGER NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_readers PRIMARY KEY (town_id, id),
	CONSTRAINT fk_readers_town_id_device_id FOREIGN KEY(town_id, device_id) REFERENCES devices (town_id, id),
	CONSTRAINT fk_readers_town_id_door_id FOREIGN KEY(town_id, door_id) REFERENCES doors (town_id, id),
	CONSTRAINT uq_readers_town_id_device_id_channel UNIQUE (town_id, device_id, channel)
)
""",
    r"""
CREATE INDEX ix_readers_door_id ON readers (door_id)
""",
]

POSTGRESQL = [
    r"""
CREATE EXTENSION IF NOT EXISTS btree_gist
""",
    r"""
CREATE TABLE counters (
	town_id VARCHAR(36) NOT NULL,
	name VARCHAR(64) NOT NULL,
	value BIGINT NOT NULL,
	CONSTRAINT pk_counters PRIMARY KEY (town_id, name)
)
""",
    r"""
CREATE TABLE punches (
	town_id VARCHAR(36) NOT NULL,
	id BIGINT NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	reader_id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80),
	credential_id VARCHAR(80) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	direction VARCHAR(64) NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	corrected_at TIMESTAMP WITH TIME ZONE NOT NULL,
	trusted BOOLEAN NOT NULL,
	boot VARCHAR(36) NOT NULL,
	mono_ns BIGINT NOT NULL,
	received_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_punches PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_punches_person ON punches (town_id, person_id, corrected_at, id)
""",
    r"""
CREATE INDEX ix_punches_time ON punches (town_id, corrected_at, id)
""",
    r"""
CREATE TABLE entries (
	town_id VARCHAR(36) NOT NULL,
	id BIGINT NOT NULL,
	kind VARCHAR(32) NOT NULL,
	topic VARCHAR(64) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
	received_at TIMESTAMP WITH TIME ZONE NOT NULL,
	clock VARCHAR(64) NOT NULL,
	boot VARCHAR(36) NOT NULL,
	mono_ns BIGINT NOT NULL,
	touched_by BIGINT NOT NULL,
	result VARCHAR(64),
	reason VARCHAR(64),
	factor VARCHAR(64),
	door_id VARCHAR(80),
	reader_id VARCHAR(80),
	device_id VARCHAR(80),
	person_id VARCHAR(80),
	credential_id VARCHAR(80),
	grant_id VARCHAR(80),
	booking_id VARCHAR(80),
	actor_id VARCHAR(80),
	command_id VARCHAR(80),
	act VARCHAR(80),
	outcome VARCHAR(64),
	observed VARCHAR(64),
	opened_at TIMESTAMP WITH TIME ZONE,
	card_namespace VARCHAR(32),
	card_digest VARCHAR(64),
	cause VARCHAR(64) NOT NULL,
	amount BIGINT,
	CONSTRAINT pk_entries PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_entries_act ON entries (town_id, controller_id, act) WHERE act IS NOT NULL
""",
    r"""
CREATE INDEX ix_entries_booking ON entries (town_id, booking_id, occurred_at, id)
""",
    r"""
CREATE INDEX ix_entries_door ON entries (town_id, door_id, occurred_at, id)
""",
    r"""
CREATE INDEX ix_entries_kind ON entries (town_id, kind, occurred_at, id)
""",
    r"""
CREATE INDEX ix_entries_person ON entries (town_id, person_id, occurred_at, id)
""",
    r"""
CREATE INDEX ix_entries_time ON entries (town_id, occurred_at, id)
""",
    r"""
CREATE INDEX ix_entries_topic ON entries (town_id, topic, occurred_at, id)
""",
    r"""
CREATE INDEX ix_entries_touched ON entries (town_id, touched_by)
""",
    r"""
CREATE INDEX ix_entries_unsure ON entries (town_id, controller_id, boot) WHERE clock = 'untrusted'
""",
    r"""
CREATE TABLE door_states (
	town_id VARCHAR(36) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	leaf VARCHAR(64) NOT NULL,
	leaf_since TIMESTAMP WITH TIME ZONE,
	bolt VARCHAR(64) NOT NULL,
	bolt_since TIMESTAMP WITH TIME ZONE,
	held_since TIMESTAMP WITH TIME ZONE,
	forced_since TIMESTAMP WITH TIME ZONE,
	modes JSONB NOT NULL,
	heard_at TIMESTAMP WITH TIME ZONE,
	touched_by BIGINT NOT NULL,
	CONSTRAINT pk_door_states PRIMARY KEY (town_id, door_id)
)
""",
    r"""
CREATE INDEX ix_door_states_touched ON door_states (town_id, touched_by)
""",
    r"""
CREATE TABLE device_states (
	town_id VARCHAR(36) NOT NULL,
	device_id VARCHAR(80) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	contact VARCHAR(64) NOT NULL,
	contact_since TIMESTAMP WITH TIME ZONE,
	cause VARCHAR(64) NOT NULL,
	tamper_since TIMESTAMP WITH TIME ZONE,
	power_failed_since TIMESTAMP WITH TIME ZONE,
	fire_since TIMESTAMP WITH TIME ZONE,
	battery_mv INTEGER,
	battery_dc INTEGER,
	battery_at TIMESTAMP WITH TIME ZONE,
	heard_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_device_states PRIMARY KEY (town_id, device_id)
)
""",
    r"""
CREATE TABLE alarms (
	town_id VARCHAR(36) NOT NULL,
	id BIGINT NOT NULL,
	kind VARCHAR(64) NOT NULL,
	subject VARCHAR(80) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80),
	device_id VARCHAR(80),
	raised_at TIMESTAMP WITH TIME ZONE NOT NULL,
	last_at TIMESTAMP WITH TIME ZONE NOT NULL,
	last_received_at TIMESTAMP WITH TIME ZONE NOT NULL,
	times BIGINT NOT NULL,
	cause VARCHAR(64) NOT NULL,
	cleared_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_alarms PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_alarms_raised ON alarms (town_id, raised_at)
""",
    r"""
CREATE INDEX ix_alarms_subject ON alarms (town_id, kind, subject, id)
""",
    r"""
CREATE TABLE alarm_acknowledgements (
	town_id VARCHAR(36) NOT NULL,
	alarm_id BIGINT NOT NULL,
	user_id VARCHAR(80) NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	note VARCHAR(500) NOT NULL,
	CONSTRAINT pk_alarm_acknowledgements PRIMARY KEY (town_id, alarm_id)
)
""",
    r"""
CREATE TABLE people (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_kana VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	staff_number VARCHAR(40),
	department VARCHAR(100) NOT NULL,
	state VARCHAR(64) NOT NULL,
	anti_passback_exempt BOOLEAN NOT NULL,
	long_unlock BOOLEAN NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_people PRIMARY KEY (town_id, id),
	CONSTRAINT uq_people_town_id_staff_number UNIQUE (town_id, staff_number)
)
""",
    r"""
CREATE TABLE groups (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_groups PRIMARY KEY (town_id, id),
	CONSTRAINT uq_groups_town_id_name UNIQUE (town_id, name)
)
""",
    r"""
CREATE TABLE calendars (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	source VARCHAR(64) NOT NULL,
	added JSONB NOT NULL,
	removed JSONB NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_calendars PRIMARY KEY (town_id, id),
	CONSTRAINT uq_calendars_town_id_name UNIQUE (town_id, name)
)
""",
    r"""
CREATE TABLE projection_watermarks (
	town_id VARCHAR(36) NOT NULL,
	name VARCHAR(32) NOT NULL,
	raw_id BIGINT NOT NULL,
	CONSTRAINT pk_projection_watermarks PRIMARY KEY (town_id, name)
)
""",
    r"""
CREATE TABLE projection_rejects (
	town_id VARCHAR(36) NOT NULL,
	raw_id BIGINT NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	reason VARCHAR(64) NOT NULL,
	detail VARCHAR(200) NOT NULL,
	CONSTRAINT pk_projection_rejects PRIMARY KEY (town_id, raw_id)
)
""",
    r"""
CREATE TABLE clock_anchors (
	town_id VARCHAR(36) NOT NULL,
	raw_id BIGINT NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	boot VARCHAR(36) NOT NULL,
	mono_ns BIGINT NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	error_ms INTEGER,
	CONSTRAINT pk_clock_anchors PRIMARY KEY (town_id, raw_id)
)
""",
    r"""
CREATE INDEX ix_clock_anchors_boot ON clock_anchors (town_id, controller_id, boot, raw_id)
""",
    r"""
CREATE TABLE sites (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	name_kana VARCHAR(100) NOT NULL,
	address VARCHAR(200) NOT NULL,
	phone VARCHAR(40) NOT NULL,
	horizon_hours INTEGER NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_sites PRIMARY KEY (town_id, id),
	CONSTRAINT uq_sites_town_id_name UNIQUE (town_id, name)
)
""",
    r"""
CREATE TABLE idempotency_keys (
	town_id VARCHAR(36) NOT NULL,
	actor VARCHAR(80) NOT NULL,
	key VARCHAR(128) NOT NULL,
	request_hash VARCHAR(64) NOT NULL,
	status INTEGER NOT NULL,
	answer JSONB NOT NULL,
	kept_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_idempotency_keys PRIMARY KEY (town_id, actor, key)
)
""",
    r"""
CREATE INDEX ix_idempotency_keys_kept_at ON idempotency_keys (town_id, kept_at)
""",
    r"""
CREATE TABLE group_members (
	town_id VARCHAR(36) NOT NULL,
	group_id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	CONSTRAINT pk_group_members PRIMARY KEY (town_id, group_id, person_id),
	CONSTRAINT fk_group_members_town_id_group_id FOREIGN KEY(town_id, group_id) REFERENCES groups (town_id, id),
	CONSTRAINT fk_group_members_town_id_person_id FOREIGN KEY(town_id, person_id) REFERENCES people (town_id, id)
)
""",
    r"""
CREATE INDEX ix_group_members_person_id ON group_members (person_id)
""",
    r"""
CREATE TABLE cards (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80),
	namespace VARCHAR(32) NOT NULL,
	identity BYTEA NOT NULL,
	identity_index VARCHAR(64) NOT NULL,
	label VARCHAR(100) NOT NULL,
	profile VARCHAR(128),
	public_key VARCHAR(200),
	state VARCHAR(64) NOT NULL,
	state_reason VARCHAR(200) NOT NULL,
	state_changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_cards PRIMARY KEY (town_id, id),
	CONSTRAINT fk_cards_town_id_person_id FOREIGN KEY(town_id, person_id) REFERENCES people (town_id, id),
	CONSTRAINT uq_cards_town_id_identity_index UNIQUE (town_id, identity_index)
)
""",
    r"""
CREATE INDEX ix_cards_person_id ON cards (person_id)
""",
    r"""
CREATE TABLE schedules (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	tz VARCHAR(64) NOT NULL,
	week JSONB NOT NULL,
	calendar_id VARCHAR(80),
	holiday_spans JSONB NOT NULL,
	exceptions JSONB NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_schedules PRIMARY KEY (town_id, id),
	CONSTRAINT fk_schedules_town_id_calendar_id FOREIGN KEY(town_id, calendar_id) REFERENCES calendars (town_id, id),
	CONSTRAINT uq_schedules_town_id_name UNIQUE (town_id, name)
)
""",
    r"""
CREATE TABLE controllers (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	site_id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	state VARCHAR(64) NOT NULL,
	has_rtc BOOLEAN NOT NULL,
	settings JSONB NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_controllers PRIMARY KEY (town_id, id),
	CONSTRAINT fk_controllers_town_id_site_id FOREIGN KEY(town_id, site_id) REFERENCES sites (town_id, id),
	CONSTRAINT uq_controllers_id UNIQUE (id)
)
""",
    r"""
CREATE TABLE zones (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	site_id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	anti_passback VARCHAR(64) NOT NULL,
	occupancy_max INTEGER,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_zones PRIMARY KEY (town_id, id),
	CONSTRAINT fk_zones_town_id_site_id FOREIGN KEY(town_id, site_id) REFERENCES sites (town_id, id),
	CONSTRAINT uq_zones_town_id_site_id_name UNIQUE (town_id, site_id, name)
)
""",
    r"""
CREATE TABLE doors (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	site_id VARCHAR(80) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	state VARCHAR(64) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	name_kana VARCHAR(100) NOT NULL,
	key_holder VARCHAR(200) NOT NULL,
	egress TEXT NOT NULL,
	unlock_ms INTEGER NOT NULL,
	held_after_ms INTEGER NOT NULL,
	detect_forced BOOLEAN NOT NULL,
	min_assurance VARCHAR(64) NOT NULL,
	min_digits INTEGER NOT NULL,
	strike JSONB,
	contact JSONB,
	bolt JSONB,
	rex JSONB,
	mechanical_key JSONB,
	fail VARCHAR(64) NOT NULL,
	on_untrusted_clock VARCHAR(64) NOT NULL,
	on_journal_failure VARCHAR(64) NOT NULL,
	zone_in VARCHAR(80),
	zone_out VARCHAR(80),
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_doors PRIMARY KEY (town_id, id),
	CONSTRAINT fk_doors_town_id_site_id FOREIGN KEY(town_id, site_id) REFERENCES sites (town_id, id),
	CONSTRAINT fk_doors_town_id_controller_id FOREIGN KEY(town_id, controller_id) REFERENCES controllers (town_id, id),
	CONSTRAINT fk_doors_town_id_zone_in FOREIGN KEY(town_id, zone_in) REFERENCES zones (town_id, id),
	CONSTRAINT fk_doors_town_id_zone_out FOREIGN KEY(town_id, zone_out) REFERENCES zones (town_id, id),
	CONSTRAINT uq_doors_town_id_site_id_name UNIQUE (town_id, site_id, name)
)
""",
    r"""
CREATE INDEX ix_doors_controller_id ON doors (controller_id)
""",
    r"""
CREATE INDEX ix_doors_site_id ON doors (site_id)
""",
    r"""
CREATE TABLE devices (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	state VARCHAR(64) NOT NULL,
	name VARCHAR(100) NOT NULL,
	driver VARCHAR(64) NOT NULL,
	port VARCHAR(64) NOT NULL,
	address INTEGER NOT NULL,
	reader_name VARCHAR(128),
	secret BYTEA,
	sealed TEXT,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_devices PRIMARY KEY (town_id, id),
	CONSTRAINT fk_devices_town_id_controller_id FOREIGN KEY(town_id, controller_id) REFERENCES controllers (town_id, id),
	CONSTRAINT uq_devices_town_id_controller_id_port_address UNIQUE (town_id, controller_id, port, address)
)
""",
    r"""
CREATE TABLE grants (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80),
	group_id VARCHAR(80),
	card_id VARCHAR(80),
	start_at TIMESTAMP WITH TIME ZONE,
	end_at TIMESTAMP WITH TIME ZONE,
	schedule_id VARCHAR(80),
	needs_pin BOOLEAN NOT NULL,
	state VARCHAR(64) NOT NULL,
	note VARCHAR(200) NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_grants PRIMARY KEY (town_id, id),
	CONSTRAINT fk_grants_town_id_door_id FOREIGN KEY(town_id, door_id) REFERENCES doors (town_id, id),
	CONSTRAINT fk_grants_town_id_person_id FOREIGN KEY(town_id, person_id) REFERENCES people (town_id, id),
	CONSTRAINT fk_grants_town_id_group_id FOREIGN KEY(town_id, group_id) REFERENCES groups (town_id, id),
	CONSTRAINT fk_grants_town_id_card_id FOREIGN KEY(town_id, card_id) REFERENCES cards (town_id, id),
	CONSTRAINT fk_grants_town_id_schedule_id FOREIGN KEY(town_id, schedule_id) REFERENCES schedules (town_id, id),
	CONSTRAINT ck_grants_one_subject CHECK ((CASE WHEN person_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN group_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN card_id IS NULL THEN 0 ELSE 1 END) = 1),
	CONSTRAINT ck_grants_window CHECK (start_at IS NULL OR end_at IS NULL OR start_at < end_at)
)
""",
    r"""
CREATE INDEX ix_grants_card_id ON grants (card_id)
""",
    r"""
CREATE INDEX ix_grants_door_id ON grants (door_id)
""",
    r"""
CREATE INDEX ix_grants_group_id ON grants (group_id)
""",
    r"""
CREATE INDEX ix_grants_person_id ON grants (person_id)
""",
    r"""
CREATE INDEX ix_grants_schedule_id ON grants (schedule_id)
""",
    r"""
CREATE TABLE readers (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	device_id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80),
	state VARCHAR(64) NOT NULL,
	name VARCHAR(100) NOT NULL,
	channel INTEGER NOT NULL,
	side VARCHAR(64) NOT NULL,
	keypad BOOLEAN NOT NULL,
	cards BOOLEAN NOT NULL,
	profiles JSONB NOT NULL,
	assurance VARCHAR(64) NOT NULL,
	punch VARCHAR(64) NOT NULL,
	key_timeout_ms INTEGER NOT NULL,
	max_keys INTEGER NOT NULL,
	tries INTEGER NOT NULL,
	budget_window_s INTEGER NOT NULL,
	lockout_s INTEGER NOT NULL,
	lockout_max_s INTEGER NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_readers PRIMARY KEY (town_id, id),
	CONSTRAINT fk_readers_town_id_device_id FOREIGN KEY(town_id, device_id) REFERENCES devices (town_id, id),
	CONSTRAINT fk_readers_town_id_door_id FOREIGN KEY(town_id, door_id) REFERENCES doors (town_id, id),
	CONSTRAINT uq_readers_town_id_device_id_channel UNIQUE (town_id, device_id, channel)
)
""",
    r"""
CREATE INDEX ix_readers_door_id ON readers (door_id)
""",
]
