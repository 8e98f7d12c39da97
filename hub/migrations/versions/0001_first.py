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
CREATE TABLE api_tokens (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	token_hash VARCHAR(64) NOT NULL,
	role VARCHAR(64) NOT NULL,
	sites JSON,
	created_by VARCHAR(80) NOT NULL,
	created_at DATETIME NOT NULL,
	expires_at DATETIME,
	revoked_at DATETIME,
	last_used_at DATETIME,
	CONSTRAINT pk_api_tokens PRIMARY KEY (town_id, id),
	CONSTRAINT uq_api_tokens_town_id_token_hash UNIQUE (town_id, token_hash)
)
""",
    r"""
CREATE TABLE application_trail (
	town_id VARCHAR(36) NOT NULL,
	application_id VARCHAR(80) NOT NULL,
	seq INTEGER NOT NULL,
	version INTEGER NOT NULL,
	step INTEGER NOT NULL,
	told VARCHAR(64) NOT NULL,
	at DATETIME NOT NULL,
	actor VARCHAR(80) NOT NULL,
	person_id VARCHAR(80),
	for_person_id VARCHAR(80),
	came_from VARCHAR(64) NOT NULL,
	comment VARCHAR(400) NOT NULL,
	CONSTRAINT pk_application_trail PRIMARY KEY (town_id, application_id, seq)
)
""",
    r"""
CREATE TRIGGER application_trail_no_update BEFORE UPDATE ON application_trail BEGIN SELECT RAISE(ABORT, 'application_trail is append-only'); END
""",
    r"""
CREATE TRIGGER application_trail_no_delete BEFORE DELETE ON application_trail BEGIN SELECT RAISE(ABORT, 'application_trail is append-only'); END
""",
    r"""
CREATE TABLE application_versions (
	town_id VARCHAR(36) NOT NULL,
	application_id VARCHAR(80) NOT NULL,
	version INTEGER NOT NULL,
	body JSON NOT NULL,
	made_by VARCHAR(80) NOT NULL,
	made_at DATETIME NOT NULL,
	CONSTRAINT pk_application_versions PRIMARY KEY (town_id, application_id, version)
)
""",
    r"""
CREATE TRIGGER application_versions_no_update BEFORE UPDATE ON application_versions BEGIN SELECT RAISE(ABORT, 'application_versions is append-only'); END
""",
    r"""
CREATE TRIGGER application_versions_no_delete BEFORE DELETE ON application_versions BEGIN SELECT RAISE(ABORT, 'application_versions is append-only'); END
""",
    r"""
CREATE TABLE applications (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	kind VARCHAR(64) NOT NULL,
	body JSON NOT NULL,
	state VARCHAR(64) NOT NULL,
	version INTEGER NOT NULL,
	steps JSON NOT NULL,
	step INTEGER NOT NULL,
	department_id VARCHAR(80),
	first DATE NOT NULL,
	last DATE NOT NULL,
	claims JSON NOT NULL,
	warnings JSON NOT NULL,
	submitted_at DATETIME,
	waiting_since DATETIME,
	decided_at DATETIME,
	created_by VARCHAR(80) NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_applications PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_applications_person ON applications (town_id, person_id, first)
""",
    r"""
CREATE INDEX ix_applications_state ON applications (town_id, state, last)
""",
    r"""
CREATE TABLE audit_entries (
	town_id VARCHAR(36) NOT NULL,
	seq BIGINT NOT NULL,
	at DATETIME NOT NULL,
	action VARCHAR(64) NOT NULL,
	target_kind VARCHAR(32) NOT NULL,
	target_id VARCHAR(128) NOT NULL,
	came_from VARCHAR(64) NOT NULL,
	actor VARCHAR(80),
	actor_name VARCHAR(100),
	details JSON,
	salt VARCHAR(32),
	commitment VARCHAR(64) NOT NULL,
	hash VARCHAR(64) NOT NULL,
	CONSTRAINT pk_audit_entries PRIMARY KEY (town_id, seq)
)
""",
    r"""
CREATE INDEX ix_audit_entries_actor ON audit_entries (town_id, actor, seq)
""",
    r"""
CREATE INDEX ix_audit_entries_target ON audit_entries (town_id, target_kind, target_id, seq)
""",
    r"""
CREATE TRIGGER audit_entries_no_delete BEFORE DELETE ON audit_entries BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
""",
    r"""
CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON audit_entries WHEN NOT (NEW.town_id IS OLD.town_id AND NEW.seq IS OLD.seq AND NEW.at IS OLD.at AND NEW.action IS OLD.action AND NEW.target_kind IS OLD.target_kind AND NEW.target_id IS OLD.target_id AND NEW.came_from IS OLD.came_from AND NEW.commitment IS OLD.commitment AND NEW.hash IS OLD.hash AND NEW.actor IS NULL AND NEW.actor_name IS NULL AND NEW.details IS NULL AND NEW.salt IS NULL) BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
""",
    r"""
CREATE TABLE battery_changes (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	device_id VARCHAR(80) NOT NULL,
	at DATETIME NOT NULL,
	inferred BOOLEAN NOT NULL,
	"by" VARCHAR(120),
	chemistry VARCHAR(64),
	note VARCHAR(200) NOT NULL,
	recorded_at DATETIME,
	CONSTRAINT pk_battery_changes PRIMARY KEY (town_id, id),
	CONSTRAINT uq_battery_changes_town_id_device_id_at_inferred UNIQUE (town_id, device_id, at, inferred)
)
""",
    r"""
CREATE TABLE battery_forecasts (
	town_id VARCHAR(36) NOT NULL,
	device_id VARCHAR(80) NOT NULL,
	touched BIGINT NOT NULL,
	as_of DATETIME,
	since DATETIME,
	readings INTEGER NOT NULL,
	median DATETIME,
	earliest DATETIME,
	latest DATETIME,
	"left" FLOAT,
	why_not VARCHAR(64),
	course JSON NOT NULL,
	CONSTRAINT pk_battery_forecasts PRIMARY KEY (town_id, device_id)
)
""",
    r"""
CREATE TABLE battery_profiles (
	town_id VARCHAR(36) NOT NULL,
	device_id VARCHAR(80) NOT NULL,
	chemistry VARCHAR(64) NOT NULL,
	cells INTEGER NOT NULL,
	cutoff_mv INTEGER NOT NULL,
	heartbeat_s INTEGER NOT NULL,
	heard_by VARCHAR(64) NOT NULL,
	CONSTRAINT pk_battery_profiles PRIMARY KEY (town_id, device_id)
)
""",
    r"""
CREATE TABLE battery_readings (
	town_id VARCHAR(36) NOT NULL,
	id BIGINT NOT NULL,
	device_id VARCHAR(80) NOT NULL,
	at DATETIME NOT NULL,
	millivolts INTEGER NOT NULL,
	temperature_dc INTEGER,
	uses BIGINT,
	controller_id VARCHAR(80) NOT NULL,
	trusted BOOLEAN NOT NULL,
	boot VARCHAR(36) NOT NULL,
	mono_ns BIGINT NOT NULL,
	received_at DATETIME NOT NULL,
	CONSTRAINT pk_battery_readings PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_battery_readings_boot ON battery_readings (town_id, controller_id, boot)
""",
    r"""
CREATE INDEX ix_battery_readings_device ON battery_readings (town_id, device_id, at)
""",
    r"""
CREATE TABLE battery_states (
	town_id VARCHAR(36) NOT NULL,
	device_id VARCHAR(80) NOT NULL,
	touched BIGINT NOT NULL,
	at DATETIME,
	millivolts INTEGER,
	temperature_dc INTEGER,
	uses BIGINT,
	controller_id VARCHAR(80),
	reading_id BIGINT,
	low_since DATETIME,
	CONSTRAINT pk_battery_states PRIMARY KEY (town_id, device_id)
)
""",
    r"""
CREATE TABLE booking_requests (
	town_id VARCHAR(36) NOT NULL,
	subject VARCHAR(64) NOT NULL,
	requests INTEGER NOT NULL,
	until DATETIME NOT NULL,
	CONSTRAINT pk_booking_requests PRIMARY KEY (town_id, subject)
)
""",
    r"""
CREATE TABLE boot_spans (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	epoch BIGINT NOT NULL,
	boot VARCHAR(36) NOT NULL,
	first_seq BIGINT NOT NULL,
	last_mono_ns BIGINT NOT NULL,
	CONSTRAINT pk_boot_spans PRIMARY KEY (town_id, controller_id, epoch, boot)
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
CREATE TABLE cap_alerts (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	month VARCHAR(7) NOT NULL,
	department_id VARCHAR(80) NOT NULL,
	kind VARCHAR(64) NOT NULL,
	level VARCHAR(64) NOT NULL,
	limit_min INTEGER NOT NULL,
	minutes INTEGER NOT NULL,
	months INTEGER NOT NULL,
	raised_at DATETIME NOT NULL,
	seen_by VARCHAR(80),
	seen_at DATETIME,
	CONSTRAINT pk_cap_alerts PRIMARY KEY (town_id, id),
	CONSTRAINT uq_cap_alerts_town_id_person_id_month_kind_level_limit_min_months UNIQUE (town_id, person_id, month, kind, level, limit_min, months)
)
""",
    r"""
CREATE INDEX ix_cap_alerts_month ON cap_alerts (town_id, month)
""",
    r"""
CREATE TABLE card_key_sets (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	profile VARCHAR(64) NOT NULL,
	application VARCHAR(62) NOT NULL,
	master BLOB NOT NULL,
	version INTEGER NOT NULL,
	renewed_at DATETIME,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_card_key_sets PRIMARY KEY (town_id, id),
	CONSTRAINT uq_card_key_sets_town_id_name UNIQUE (town_id, name)
)
""",
    r"""
CREATE TABLE card_offers (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(64) NOT NULL,
	enrolment_id VARCHAR(80) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	sealed VARCHAR(1600) NOT NULL,
	assurance VARCHAR(64) NOT NULL,
	received_at DATETIME NOT NULL,
	CONSTRAINT pk_card_offers PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE TABLE chain_rules (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	position INTEGER NOT NULL,
	kinds JSON NOT NULL,
	department_id VARCHAR(80),
	employment VARCHAR(40),
	from_min INTEGER,
	steps JSON NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_chain_rules PRIMARY KEY (town_id, id)
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
	error_ms BIGINT NOT NULL,
	CONSTRAINT pk_clock_anchors PRIMARY KEY (town_id, raw_id)
)
""",
    r"""
CREATE INDEX ix_clock_anchors_boot ON clock_anchors (town_id, controller_id, boot, mono_ns)
""",
    r"""
CREATE TABLE closings (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	department_id VARCHAR(80) NOT NULL,
	month VARCHAR(7) NOT NULL,
	round INTEGER NOT NULL,
	people INTEGER NOT NULL,
	fingerprint VARCHAR(64) NOT NULL,
	ordinance VARCHAR(240) NOT NULL,
	cause VARCHAR(500) NOT NULL,
	overridden JSON NOT NULL,
	closed_by VARCHAR(80) NOT NULL,
	closed_at DATETIME NOT NULL,
	reopened_by VARCHAR(80),
	reopened_at DATETIME,
	reopened_cause VARCHAR(500) NOT NULL,
	CONSTRAINT pk_closings PRIMARY KEY (town_id, id),
	CONSTRAINT uq_closings_town_id_department_id_month_round UNIQUE (town_id, department_id, month, round)
)
""",
    r"""
CREATE INDEX ix_closings_month ON closings (town_id, month)
""",
    r"""
CREATE TABLE controller_losses (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	first_at DATETIME NOT NULL,
	lost_at DATETIME NOT NULL,
	times INTEGER NOT NULL,
	cleared_at DATETIME,
	CONSTRAINT pk_controller_losses PRIMARY KEY (town_id, controller_id)
)
""",
    r"""
CREATE TABLE controller_presence (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	online BOOLEAN NOT NULL,
	said_at DATETIME NOT NULL,
	CONSTRAINT pk_controller_presence PRIMARY KEY (town_id, controller_id)
)
""",
    r"""
CREATE TABLE controller_sessions (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	number BIGINT NOT NULL,
	session VARCHAR(32) NOT NULL,
	state VARCHAR(64) NOT NULL,
	boot_id VARCHAR(36) NOT NULL,
	agent VARCHAR(64) NOT NULL,
	epoch BIGINT NOT NULL,
	last_seq BIGINT NOT NULL,
	hub_epoch BIGINT NOT NULL,
	policy_version BIGINT NOT NULL,
	clock_state VARCHAR(16) NOT NULL,
	greeted_at DATETIME NOT NULL,
	confirmed_at DATETIME,
	CONSTRAINT pk_controller_sessions PRIMARY KEY (town_id, controller_id, number)
)
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
CREATE TABLE csv_imports (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	profile_id VARCHAR(80) NOT NULL,
	file_name VARCHAR(200) NOT NULL,
	sha256 VARCHAR(64) NOT NULL,
	state VARCHAR(64) NOT NULL,
	actor VARCHAR(120) NOT NULL,
	started_at DATETIME NOT NULL,
	ended_at DATETIME,
	rows INTEGER NOT NULL,
	counts JSON NOT NULL,
	wrong JSON NOT NULL,
	missing JSON NOT NULL,
	CONSTRAINT pk_csv_imports PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_csv_imports_started ON csv_imports (town_id, started_at)
""",
    r"""
CREATE TABLE csv_profiles (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(64) NOT NULL,
	shape JSON NOT NULL,
	sites JSON,
	created_at DATETIME NOT NULL,
	changed_at DATETIME NOT NULL,
	CONSTRAINT pk_csv_profiles PRIMARY KEY (town_id, id),
	CONSTRAINT uq_csv_profiles_town_id_name UNIQUE (town_id, name)
)
""",
    r"""
CREATE TABLE departments (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	code VARCHAR(40) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_kana VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	parent_id VARCHAR(80),
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_departments PRIMARY KEY (town_id, id),
	CONSTRAINT fk_departments_town_id_parent_id FOREIGN KEY(town_id, parent_id) REFERENCES departments (town_id, id),
	CONSTRAINT uq_departments_town_id_code UNIQUE (town_id, code)
)
""",
    r"""
CREATE INDEX ix_departments_parent_id ON departments (parent_id)
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
	list_count INTEGER,
	list_placed BOOLEAN NOT NULL,
	list_at DATETIME,
	heard_at DATETIME,
	heard_origin JSON,
	CONSTRAINT pk_device_states PRIMARY KEY (town_id, device_id)
)
""",
    r"""
CREATE TABLE divergences (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	work_date DATE NOT NULL,
	kind VARCHAR(64) NOT NULL,
	minutes INTEGER NOT NULL,
	state VARCHAR(64) NOT NULL,
	stands BOOLEAN NOT NULL,
	settled_min INTEGER NOT NULL,
	reason VARCHAR(500) NOT NULL,
	cause VARCHAR(64) NOT NULL,
	inputs JSON NOT NULL,
	links JSON NOT NULL,
	found_at DATETIME NOT NULL,
	changed_at DATETIME NOT NULL,
	CONSTRAINT pk_divergences PRIMARY KEY (town_id, id),
	CONSTRAINT uq_divergences_town_id_person_id_work_date_kind UNIQUE (town_id, person_id, work_date, kind)
)
""",
    r"""
CREATE INDEX ix_divergences_state ON divergences (town_id, state, work_date)
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
	heard_origin JSON,
	touched_by BIGINT NOT NULL,
	CONSTRAINT pk_door_states PRIMARY KEY (town_id, door_id)
)
""",
    r"""
CREATE INDEX ix_door_states_touched ON door_states (town_id, touched_by)
""",
    r"""
CREATE TABLE duty_mails (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	digest INTEGER NOT NULL,
	address VARCHAR(254) NOT NULL,
	state VARCHAR(64) NOT NULL,
	tries INTEGER NOT NULL,
	created_at DATETIME NOT NULL,
	next_at DATETIME NOT NULL,
	first_tried_at DATETIME,
	lease_until DATETIME,
	ended_at DATETIME,
	CONSTRAINT pk_duty_mails PRIMARY KEY (town_id, id),
	CONSTRAINT uq_duty_mails_town_id_digest_address UNIQUE (town_id, digest, address)
)
""",
    r"""
CREATE INDEX ix_duty_mails_due ON duty_mails (town_id, state, next_at)
""",
    r"""
CREATE TABLE duty_notes (
	town_id VARCHAR(36) NOT NULL,
	seq BIGINT NOT NULL,
	kind VARCHAR(64) NOT NULL,
	at DATETIME NOT NULL,
	booking_id VARCHAR(80),
	other_id VARCHAR(80),
	digest INTEGER,
	CONSTRAINT pk_duty_notes PRIMARY KEY (town_id, seq)
)
""",
    r"""
CREATE INDEX ix_duty_notes_digest ON duty_notes (town_id, digest)
""",
    r"""
CREATE TABLE emergencies (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	kind VARCHAR(64) NOT NULL,
	site_id VARCHAR(80),
	area VARCHAR(80) NOT NULL,
	shelters_only BOOLEAN NOT NULL,
	reason VARCHAR(200) NOT NULL,
	actor VARCHAR(80) NOT NULL,
	ordered_at DATETIME NOT NULL,
	ended_at DATETIME,
	CONSTRAINT pk_emergencies PRIMARY KEY (town_id, id)
)
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
	code VARCHAR(32),
	holder_id VARCHAR(80),
	soft VARCHAR(64),
	partner_id VARCHAR(80),
	partner_person_id VARCHAR(80),
	origin_device VARCHAR(80),
	error_ms BIGINT,
	time_error_ms BIGINT,
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
CREATE INDEX ix_entries_soft ON entries (town_id, occurred_at, id) WHERE soft IS NOT NULL
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
CREATE INDEX ix_entries_unsure ON entries (town_id, controller_id, boot) WHERE clock <> 'trusted'
""",
    r"""
CREATE TABLE export_profiles (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(64) NOT NULL,
	profile JSON NOT NULL,
	created_at DATETIME NOT NULL,
	changed_at DATETIME NOT NULL,
	CONSTRAINT pk_export_profiles PRIMARY KEY (town_id, id),
	CONSTRAINT uq_export_profiles_town_id_name UNIQUE (town_id, name)
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
CREATE TABLE happening_readers (
	town_id VARCHAR(36) NOT NULL,
	name VARCHAR(64) NOT NULL,
	through_seq BIGINT NOT NULL,
	CONSTRAINT pk_happening_readers PRIMARY KEY (town_id, name)
)
""",
    r"""
CREATE TABLE happenings (
	town_id VARCHAR(36) NOT NULL,
	seq BIGINT NOT NULL,
	id VARCHAR(80) NOT NULL,
	at DATETIME NOT NULL,
	kind VARCHAR(64) NOT NULL,
	site_id VARCHAR(80),
	booking_id VARCHAR(80),
	credential_id VARCHAR(80),
	door_id VARCHAR(80),
	other_id VARCHAR(80),
	cause VARCHAR(120) NOT NULL,
	details JSON NOT NULL,
	CONSTRAINT pk_happenings PRIMARY KEY (town_id, seq)
)
""",
    r"""
CREATE INDEX ix_happenings_at ON happenings (town_id, at)
""",
    r"""
CREATE INDEX ix_happenings_booking ON happenings (town_id, booking_id)
""",
    r"""
CREATE TABLE hub_epochs (
	town_id VARCHAR(36) NOT NULL,
	hub_epoch BIGINT NOT NULL,
	opened_at DATETIME NOT NULL,
	signature VARCHAR(200) NOT NULL,
	CONSTRAINT pk_hub_epochs PRIMARY KEY (town_id, hub_epoch)
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
CREATE TABLE key_box_gaps (
	town_id VARCHAR(36) NOT NULL,
	key_box_id VARCHAR(80) NOT NULL,
	log_epoch BIGINT NOT NULL,
	first_index BIGINT NOT NULL,
	count BIGINT NOT NULL,
	CONSTRAINT pk_key_box_gaps PRIMARY KEY (town_id, key_box_id, log_epoch, first_index)
)
""",
    r"""
CREATE TABLE key_box_states (
	town_id VARCHAR(36) NOT NULL,
	key_box_id VARCHAR(80) NOT NULL,
	last_visit_at DATETIME,
	collected_by VARCHAR(80) NOT NULL,
	log_epoch BIGINT,
	next_index BIGINT,
	seen_generation INTEGER,
	battery_mv INTEGER,
	battery_dc INTEGER,
	battery_at DATETIME,
	uses BIGINT,
	clock_set_at DATETIME,
	clock_offset_ms BIGINT,
	clock_error_ms BIGINT,
	firmware VARCHAR(64) NOT NULL,
	tamper_since DATETIME,
	jammed_since DATETIME,
	key_absent_since DATETIME,
	heard_at DATETIME,
	CONSTRAINT pk_key_box_states PRIMARY KEY (town_id, key_box_id)
)
""",
    r"""
CREATE TABLE key_box_visits (
	town_id VARCHAR(36) NOT NULL,
	key_box_id VARCHAR(80) NOT NULL,
	day INTEGER NOT NULL,
	collected_by VARCHAR(80) NOT NULL,
	first_at DATETIME NOT NULL,
	last_at DATETIME NOT NULL,
	received_at DATETIME NOT NULL,
	records INTEGER NOT NULL,
	clock_offset_ms BIGINT,
	lost BIGINT NOT NULL,
	CONSTRAINT pk_key_box_visits PRIMARY KEY (town_id, key_box_id, day, collected_by)
)
""",
    r"""
CREATE TABLE last_passages (
	town_id VARCHAR(36) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	at DATETIME NOT NULL,
	CONSTRAINT pk_last_passages PRIMARY KEY (town_id, person_id)
)
""",
    r"""
CREATE TABLE leave_entries (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	leave_kind VARCHAR(40) NOT NULL,
	year INTEGER NOT NULL,
	kind VARCHAR(64) NOT NULL,
	half_days INTEGER NOT NULL,
	minutes INTEGER NOT NULL,
	day DATE NOT NULL,
	source VARCHAR(200) NOT NULL,
	application_id VARCHAR(80),
	reason VARCHAR(400) NOT NULL,
	made_by VARCHAR(80) NOT NULL,
	made_at DATETIME NOT NULL,
	CONSTRAINT pk_leave_entries PRIMARY KEY (town_id, id),
	CONSTRAINT uq_leave_entries_town_id_person_id_leave_kind_source UNIQUE (town_id, person_id, leave_kind, source)
)
""",
    r"""
CREATE INDEX ix_leave_entries_year ON leave_entries (town_id, leave_kind, year)
""",
    r"""
CREATE TRIGGER leave_entries_no_update BEFORE UPDATE ON leave_entries BEGIN SELECT RAISE(ABORT, 'leave_entries is append-only'); END
""",
    r"""
CREATE TRIGGER leave_entries_no_delete BEFORE DELETE ON leave_entries BEGIN SELECT RAISE(ABORT, 'leave_entries is append-only'); END
""",
    r"""
CREATE TABLE line_link_tries (
	town_id VARCHAR(36) NOT NULL,
	subject VARCHAR(64) NOT NULL,
	tries INTEGER NOT NULL,
	until DATETIME NOT NULL,
	CONSTRAINT pk_line_link_tries PRIMARY KEY (town_id, subject)
)
""",
    r"""
CREATE TABLE link_alarms (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	alarm VARCHAR(64) NOT NULL,
	channel VARCHAR(32) NOT NULL,
	cause VARCHAR(64) NOT NULL,
	first_at DATETIME NOT NULL,
	last_at DATETIME NOT NULL,
	count BIGINT NOT NULL,
	CONSTRAINT pk_link_alarms PRIMARY KEY (town_id, controller_id, alarm, channel, cause, first_at)
)
""",
    r"""
CREATE TABLE link_beats (
	town_id VARCHAR(36) NOT NULL,
	name VARCHAR(16) NOT NULL,
	since DATETIME NOT NULL,
	beat_at DATETIME NOT NULL,
	CONSTRAINT pk_link_beats PRIMARY KEY (town_id, name)
)
""",
    r"""
CREATE TABLE login_tries (
	town_id VARCHAR(36) NOT NULL,
	subject VARCHAR(64) NOT NULL,
	failures INTEGER NOT NULL,
	last_at DATETIME NOT NULL,
	wait_until DATETIME,
	CONSTRAINT pk_login_tries PRIMARY KEY (town_id, subject)
)
""",
    r"""
CREATE TABLE month_signatures (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	kind VARCHAR(64) NOT NULL,
	subject_id VARCHAR(80) NOT NULL,
	month VARCHAR(7) NOT NULL,
	fingerprint VARCHAR(64) NOT NULL,
	signed_by VARCHAR(80) NOT NULL,
	signed_at DATETIME NOT NULL,
	CONSTRAINT pk_month_signatures PRIMARY KEY (town_id, id),
	CONSTRAINT uq_month_signatures_town_id_kind_subject_id_month_fingerprint UNIQUE (town_id, kind, subject_id, month, fingerprint)
)
""",
    r"""
CREATE TABLE notice_rules (
	town_id VARCHAR(36) NOT NULL,
	of_id VARCHAR(80) NOT NULL,
	reminder_h INTEGER,
	pin_in_notice VARCHAR(64),
	closing_ja VARCHAR(300) NOT NULL,
	closing_easy VARCHAR(300) NOT NULL,
	closing_en VARCHAR(300) NOT NULL,
	CONSTRAINT pk_notice_rules PRIMARY KEY (town_id, of_id)
)
""",
    r"""
CREATE TABLE notice_subscriptions (
	town_id VARCHAR(36) NOT NULL,
	address_index VARCHAR(64) NOT NULL,
	channel VARCHAR(64) NOT NULL,
	token_hash VARCHAR(64) NOT NULL,
	created_at DATETIME NOT NULL,
	stopped_at DATETIME,
	CONSTRAINT pk_notice_subscriptions PRIMARY KEY (town_id, address_index),
	CONSTRAINT uq_notice_subscriptions_town_id_token_hash UNIQUE (town_id, token_hash)
)
""",
    r"""
CREATE TABLE notices (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	booking_id VARCHAR(80) NOT NULL,
	site_id VARCHAR(80) NOT NULL,
	kind VARCHAR(64) NOT NULL,
	cause_seq BIGINT NOT NULL,
	channel VARCHAR(64) NOT NULL,
	state VARCHAR(64) NOT NULL,
	why VARCHAR(64),
	changed JSON NOT NULL,
	was_starts_at DATETIME,
	was_ends_at DATETIME,
	window_start DATETIME,
	ends_at DATETIME NOT NULL,
	asked_by VARCHAR(120) NOT NULL,
	address VARCHAR(254) NOT NULL,
	language VARCHAR(64) NOT NULL,
	tries INTEGER NOT NULL,
	created_at DATETIME NOT NULL,
	next_at DATETIME NOT NULL,
	first_tried_at DATETIME,
	lease_until DATETIME,
	ended_at DATETIME,
	carried_pin BOOLEAN NOT NULL,
	truth_hash VARCHAR(64) NOT NULL,
	pin_hash VARCHAR(64) NOT NULL,
	sequence INTEGER NOT NULL,
	needs_call BOOLEAN NOT NULL,
	handled_at DATETIME,
	CONSTRAINT pk_notices PRIMARY KEY (town_id, id),
	CONSTRAINT uq_notices_town_id_booking_id_kind_cause_seq_channel UNIQUE (town_id, booking_id, kind, cause_seq, channel)
)
""",
    r"""
CREATE INDEX ix_notices_booking ON notices (town_id, booking_id)
""",
    r"""
CREATE INDEX ix_notices_due ON notices (town_id, state, next_at)
""",
    r"""
CREATE TABLE offline_codes (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	lock_kind VARCHAR(64) NOT NULL,
	lock_id VARCHAR(80) NOT NULL,
	booking_id VARCHAR(80) NOT NULL,
	holder_id VARCHAR(80) NOT NULL,
	profile VARCHAR(32) NOT NULL,
	version BIGINT NOT NULL,
	tag VARCHAR(32) NOT NULL,
	wanted_from DATETIME NOT NULL,
	wanted_until DATETIME NOT NULL,
	effective_from DATETIME NOT NULL,
	effective_until DATETIME NOT NULL,
	pin_changed BOOLEAN NOT NULL,
	made_at DATETIME NOT NULL,
	revealed_at DATETIME,
	superseded_at DATETIME,
	withdrawn_at DATETIME,
	CONSTRAINT pk_offline_codes PRIMARY KEY (town_id, id),
	CONSTRAINT uq_offline_codes_town_id_lock_id_tag UNIQUE (town_id, lock_id, tag)
)
""",
    r"""
CREATE INDEX ix_offline_codes_booking ON offline_codes (town_id, booking_id)
""",
    r"""
CREATE INDEX ix_offline_codes_lock ON offline_codes (town_id, lock_id, effective_until)
""",
    r"""
CREATE TABLE payroll_handovers (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	at DATETIME NOT NULL,
	actor VARCHAR(120) NOT NULL,
	what VARCHAR(80) NOT NULL,
	month DATE NOT NULL,
	department_id VARCHAR(80),
	people INTEGER NOT NULL,
	bytes BIGINT NOT NULL,
	sha256 VARCHAR(64) NOT NULL,
	draft BOOLEAN NOT NULL,
	CONSTRAINT pk_payroll_handovers PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_payroll_handovers_at ON payroll_handovers (town_id, at)
""",
    r"""
CREATE TABLE people (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_kana VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	staff_number VARCHAR(40),
	organisation VARCHAR(100) NOT NULL,
	state VARCHAR(64) NOT NULL,
	anti_passback_exempt BOOLEAN NOT NULL,
	long_unlock BOOLEAN NOT NULL,
	starts_at DATETIME,
	ends_at DATETIME,
	forgiven BIGINT NOT NULL,
	forgiven_at DATETIME,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_people PRIMARY KEY (town_id, id),
	CONSTRAINT uq_people_town_id_staff_number UNIQUE (town_id, staff_number)
)
""",
    r"""
CREATE TABLE pin_credentials (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	variant VARCHAR(64) NOT NULL,
	booking_id VARCHAR(80),
	holder_id VARCHAR(80),
	person_id VARCHAR(80),
	visit_id VARCHAR(80),
	visitor_id VARCHAR(80),
	escorts JSON NOT NULL,
	escort_s INTEGER NOT NULL,
	daily BOOLEAN NOT NULL,
	max_uses INTEGER,
	sealed BLOB NOT NULL,
	digits INTEGER NOT NULL,
	created_at DATETIME NOT NULL,
	changed_at DATETIME NOT NULL,
	revoked_at DATETIME,
	CONSTRAINT pk_pin_credentials PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_pin_credentials_booking ON pin_credentials (town_id, booking_id)
""",
    r"""
CREATE INDEX ix_pin_credentials_person ON pin_credentials (town_id, person_id)
""",
    r"""
CREATE INDEX ix_pin_credentials_visit ON pin_credentials (town_id, visit_id)
""",
    r"""
CREATE UNIQUE INDEX uq_pin_credentials_holder ON pin_credentials (town_id, holder_id, variant) WHERE variant <> 'standing'
""",
    r"""
CREATE TABLE pin_links (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	booking_id VARCHAR(80) NOT NULL,
	token_hash VARCHAR(64) NOT NULL,
	created_at DATETIME NOT NULL,
	expires_at DATETIME NOT NULL,
	used_at DATETIME,
	cookie_hash VARCHAR(64),
	CONSTRAINT pk_pin_links PRIMARY KEY (town_id, id),
	CONSTRAINT uq_pin_links_town_id_token_hash UNIQUE (town_id, token_hash),
	CONSTRAINT uq_pin_links_town_id_cookie_hash UNIQUE (town_id, cookie_hash)
)
""",
    r"""
CREATE INDEX ix_pin_links_booking ON pin_links (town_id, booking_id)
""",
    r"""
CREATE TABLE pin_reservations (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	credential_id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	blind VARCHAR(64) NOT NULL,
	digits INTEGER NOT NULL,
	starts_at DATETIME NOT NULL,
	ends_at DATETIME NOT NULL,
	reserved_until DATETIME NOT NULL,
	retired_at DATETIME,
	duress BOOLEAN NOT NULL,
	CONSTRAINT pk_pin_reservations PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_pin_reservations_blind ON pin_reservations (town_id, door_id, blind)
""",
    r"""
CREATE INDEX ix_pin_reservations_credential ON pin_reservations (town_id, credential_id)
""",
    r"""
CREATE TABLE placement_history (
	town_id VARCHAR(36) NOT NULL,
	seq BIGINT NOT NULL,
	credential_id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	at DATETIME NOT NULL,
	event VARCHAR(64) NOT NULL,
	state VARCHAR(64) NOT NULL,
	cause VARCHAR(120) NOT NULL,
	CONSTRAINT pk_placement_history PRIMARY KEY (town_id, seq)
)
""",
    r"""
CREATE INDEX ix_placement_history_of ON placement_history (town_id, credential_id, door_id)
""",
    r"""
CREATE TABLE policy_alarms (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	version BIGINT NOT NULL,
	expected VARCHAR(64) NOT NULL,
	reported VARCHAR(64) NOT NULL,
	at DATETIME NOT NULL,
	CONSTRAINT pk_policy_alarms PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE TABLE policy_changes (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	version BIGINT NOT NULL,
	kind VARCHAR(32) NOT NULL,
	entry_id VARCHAR(128) NOT NULL,
	hash BLOB,
	CONSTRAINT pk_policy_changes PRIMARY KEY (town_id, controller_id, version, kind, entry_id)
)
""",
    r"""
CREATE TABLE policy_dirty (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(32) NOT NULL,
	kind VARCHAR(64) NOT NULL,
	target VARCHAR(80) NOT NULL,
	CONSTRAINT pk_policy_dirty PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE TABLE policy_entries (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	kind VARCHAR(32) NOT NULL,
	entry_id VARCHAR(128) NOT NULL,
	rev BIGINT NOT NULL,
	data BLOB NOT NULL,
	hash BLOB NOT NULL,
	person_id VARCHAR(80),
	pin_id VARCHAR(80),
	expires_at DATETIME,
	CONSTRAINT pk_policy_entries PRIMARY KEY (town_id, controller_id, kind, entry_id)
)
""",
    r"""
CREATE INDEX ix_policy_entries_expires ON policy_entries (town_id, expires_at)
""",
    r"""
CREATE INDEX ix_policy_entries_key ON policy_entries (town_id, kind, entry_id)
""",
    r"""
CREATE INDEX ix_policy_entries_person ON policy_entries (town_id, person_id)
""",
    r"""
CREATE INDEX ix_policy_entries_pin ON policy_entries (town_id, pin_id)
""",
    r"""
CREATE TABLE policy_failures (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	cause VARCHAR(64) NOT NULL,
	raised_at DATETIME NOT NULL,
	cleared_at DATETIME,
	CONSTRAINT pk_policy_failures PRIMARY KEY (town_id, controller_id)
)
""",
    r"""
CREATE TABLE policy_keys (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	print VARCHAR(64) NOT NULL,
	CONSTRAINT pk_policy_keys PRIMARY KEY (town_id, controller_id)
)
""",
    r"""
CREATE TABLE policy_outbox (
	town_id VARCHAR(36) NOT NULL,
	seq BIGINT NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	channel VARCHAR(64) NOT NULL,
	body BLOB NOT NULL,
	expires_at DATETIME NOT NULL,
	CONSTRAINT pk_policy_outbox PRIMARY KEY (town_id, seq)
)
""",
    r"""
CREATE TABLE policy_rejections (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	kind VARCHAR(32) NOT NULL,
	entry_id VARCHAR(128) NOT NULL,
	rev BIGINT NOT NULL,
	reason VARCHAR(32) NOT NULL,
	CONSTRAINT pk_policy_rejections PRIMARY KEY (town_id, controller_id, kind, entry_id)
)
""",
    r"""
CREATE TABLE policy_reports (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	hub_epoch BIGINT NOT NULL,
	version BIGINT NOT NULL,
	digest VARCHAR(64) NOT NULL,
	matches BOOLEAN NOT NULL,
	mismatches INTEGER NOT NULL,
	reported_at DATETIME NOT NULL,
	confirmed_version BIGINT NOT NULL,
	CONSTRAINT pk_policy_reports PRIMARY KEY (town_id, controller_id)
)
""",
    r"""
CREATE TABLE policy_sweeps (
	town_id VARCHAR(36) NOT NULL,
	name VARCHAR(32) NOT NULL,
	swept_to DATETIME NOT NULL,
	CONSTRAINT pk_policy_sweeps PRIMARY KEY (town_id, name)
)
""",
    r"""
CREATE TABLE policy_versions (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	version BIGINT NOT NULL,
	digest VARCHAR(64) NOT NULL,
	made_at DATETIME NOT NULL,
	CONSTRAINT pk_policy_versions PRIMARY KEY (town_id, controller_id, version)
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
CREATE TABLE projection_watermarks (
	town_id VARCHAR(36) NOT NULL,
	name VARCHAR(32) NOT NULL,
	raw_id BIGINT NOT NULL,
	CONSTRAINT pk_projection_watermarks PRIMARY KEY (town_id, name)
)
""",
    r"""
CREATE TABLE punch_corrections (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	seq BIGINT NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	punch_id BIGINT NOT NULL,
	action VARCHAR(64) NOT NULL,
	at DATETIME,
	direction VARCHAR(64),
	original_at DATETIME,
	original_direction VARCHAR(64),
	cause VARCHAR(500) NOT NULL,
	asked_by VARCHAR(80) NOT NULL,
	approved_by VARCHAR(80) NOT NULL,
	application_id VARCHAR(80),
	recorded_at DATETIME NOT NULL,
	CONSTRAINT pk_punch_corrections PRIMARY KEY (town_id, id),
	CONSTRAINT uq_punch_corrections_town_id_seq UNIQUE (town_id, seq)
)
""",
    r"""
CREATE INDEX ix_punch_corrections_at ON punch_corrections (town_id, at)
""",
    r"""
CREATE INDEX ix_punch_corrections_person ON punch_corrections (town_id, person_id, seq)
""",
    r"""
CREATE INDEX ix_punch_corrections_punch ON punch_corrections (town_id, punch_id)
""",
    r"""
CREATE TRIGGER punch_corrections_no_update BEFORE UPDATE ON punch_corrections WHEN NOT (FALSE) BEGIN SELECT RAISE(ABORT, 'what was punched is never changed'); END
""",
    r"""
CREATE TRIGGER punch_corrections_no_delete BEFORE DELETE ON punch_corrections WHEN NOT (FALSE) BEGIN SELECT RAISE(ABORT, 'what was punched is never changed'); END
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
	time_error_ms BIGINT,
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
CREATE TRIGGER punches_no_update BEFORE UPDATE ON punches WHEN NOT (NEW.town_id IS OLD.town_id AND NEW.id IS OLD.id AND NEW.person_id IS OLD.person_id AND NEW.reader_id IS OLD.reader_id AND NEW.door_id IS OLD.door_id AND NEW.credential_id IS OLD.credential_id AND NEW.controller_id IS OLD.controller_id AND NEW.direction IS OLD.direction AND NEW.at IS OLD.at AND NEW.boot IS OLD.boot AND NEW.mono_ns IS OLD.mono_ns AND NEW.received_at IS OLD.received_at) BEGIN SELECT RAISE(ABORT, 'what was punched is never changed'); END
""",
    r"""
CREATE TABLE raw_conflicts (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	epoch BIGINT NOT NULL,
	seq BIGINT NOT NULL,
	body_hash BLOB NOT NULL,
	body BLOB NOT NULL,
	received_at DATETIME NOT NULL,
	CONSTRAINT pk_raw_conflicts PRIMARY KEY (town_id, controller_id, epoch, seq, body_hash)
)
""",
    r"""
CREATE TABLE raw_events (
	town_id VARCHAR(36) NOT NULL,
	id BIGINT NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	epoch BIGINT NOT NULL,
	seq BIGINT NOT NULL,
	last_seq BIGINT NOT NULL,
	body BLOB NOT NULL,
	body_hash BLOB NOT NULL,
	received_at DATETIME NOT NULL,
	repeated BOOLEAN NOT NULL,
	late BOOLEAN NOT NULL,
	CONSTRAINT pk_raw_events PRIMARY KEY (town_id, id),
	CONSTRAINT uq_raw_events_town_id_controller_id_epoch_seq UNIQUE (town_id, controller_id, epoch, seq)
)
 WITHOUT ROWID
""",
    r"""
CREATE TABLE raw_origins (
	town_id VARCHAR(36) NOT NULL,
	device_id VARCHAR(128) NOT NULL,
	log_epoch BIGINT NOT NULL,
	log_index BIGINT NOT NULL,
	raw_id BIGINT NOT NULL,
	CONSTRAINT pk_raw_origins PRIMARY KEY (town_id, device_id, log_epoch, log_index)
)
""",
    r"""
CREATE TABLE raw_passed (
	town_id VARCHAR(36) NOT NULL,
	id BIGINT NOT NULL,
	raw_id BIGINT NOT NULL,
	CONSTRAINT pk_raw_passed PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_raw_passed_raw ON raw_passed (town_id, raw_id)
""",
    r"""
CREATE TABLE raw_watermarks (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	epoch BIGINT NOT NULL,
	through_seq BIGINT NOT NULL,
	highest_seq BIGINT NOT NULL,
	changed_at DATETIME NOT NULL,
	CONSTRAINT pk_raw_watermarks PRIMARY KEY (town_id, controller_id, epoch)
)
""",
    r"""
CREATE TABLE readiness_doors (
	town_id VARCHAR(36) NOT NULL,
	booking_id VARCHAR(80) NOT NULL,
	starts_at DATETIME NOT NULL,
	ends_at DATETIME NOT NULL,
	lock_id VARCHAR(80) NOT NULL,
	can_confirm BOOLEAN NOT NULL,
	met_at DATETIME,
	missed BOOLEAN NOT NULL,
	wrong JSON NOT NULL,
	CONSTRAINT pk_readiness_doors PRIMARY KEY (town_id, booking_id, starts_at, ends_at, lock_id)
)
""",
    r"""
CREATE INDEX ix_readiness_doors_lock ON readiness_doors (town_id, lock_id)
""",
    r"""
CREATE TABLE readiness_latencies (
	town_id VARCHAR(36) NOT NULL,
	seq BIGINT NOT NULL,
	kind VARCHAR(64) NOT NULL,
	credential_id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	site_id VARCHAR(80) NOT NULL,
	began_at DATETIME NOT NULL,
	done_at DATETIME NOT NULL,
	connected BOOLEAN NOT NULL,
	CONSTRAINT pk_readiness_latencies PRIMARY KEY (town_id, seq)
)
""",
    r"""
CREATE INDEX ix_readiness_latencies_done ON readiness_latencies (town_id, done_at)
""",
    r"""
CREATE TABLE readiness_rules (
	town_id VARCHAR(36) NOT NULL,
	kind VARCHAR(64) NOT NULL,
	target VARCHAR(80) NOT NULL,
	lead_min INTEGER NOT NULL,
	grace_min INTEGER NOT NULL,
	changed_at DATETIME NOT NULL,
	CONSTRAINT pk_readiness_rules PRIMARY KEY (town_id, kind, target)
)
""",
    r"""
CREATE TABLE readiness_watches (
	town_id VARCHAR(36) NOT NULL,
	booking_id VARCHAR(80) NOT NULL,
	starts_at DATETIME NOT NULL,
	ends_at DATETIME NOT NULL,
	site_id VARCHAR(80) NOT NULL,
	facility_id VARCHAR(80),
	revision VARCHAR(64) NOT NULL,
	since DATETIME NOT NULL,
	deadline DATETIME NOT NULL,
	outcome VARCHAR(64) NOT NULL,
	judged BOOLEAN NOT NULL,
	ready_at DATETIME,
	told_revision VARCHAR(64) NOT NULL,
	late_at DATETIME,
	late_door_id VARCHAR(80),
	late_controller_id VARCHAR(80),
	step INTEGER NOT NULL,
	stepped_at DATETIME,
	closed_at DATETIME,
	CONSTRAINT pk_readiness_watches PRIMARY KEY (town_id, booking_id, starts_at, ends_at)
)
""",
    r"""
CREATE INDEX ix_readiness_watches_deadline ON readiness_watches (town_id, deadline)
""",
    r"""
CREATE INDEX ix_readiness_watches_late ON readiness_watches (town_id, late_at)
""",
    r"""
CREATE INDEX ix_readiness_watches_open ON readiness_watches (town_id, closed_at)
""",
    r"""
CREATE TABLE refused_punches (
	town_id VARCHAR(36) NOT NULL,
	id BIGINT NOT NULL,
	person_id VARCHAR(80),
	reader_id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80),
	credential_id VARCHAR(80),
	controller_id VARCHAR(80) NOT NULL,
	reason VARCHAR(64) NOT NULL,
	assurance VARCHAR(64),
	at DATETIME NOT NULL,
	corrected_at DATETIME NOT NULL,
	trusted BOOLEAN NOT NULL,
	time_error_ms BIGINT,
	boot VARCHAR(36) NOT NULL,
	mono_ns BIGINT NOT NULL,
	received_at DATETIME NOT NULL,
	CONSTRAINT pk_refused_punches PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_refused_punches_time ON refused_punches (town_id, corrected_at, id)
""",
    r"""
CREATE TABLE reminder_digests (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	day DATE NOT NULL,
	state VARCHAR(64) NOT NULL,
	tries INTEGER NOT NULL,
	next_at DATETIME NOT NULL,
	lease_until DATETIME,
	created_at DATETIME NOT NULL,
	ended_at DATETIME,
	CONSTRAINT pk_reminder_digests PRIMARY KEY (town_id, id),
	CONSTRAINT uq_reminder_digests_town_id_person_id_day UNIQUE (town_id, person_id, day)
)
""",
    r"""
CREATE TABLE restores (
	town_id VARCHAR(36) NOT NULL,
	hub_epoch BIGINT NOT NULL,
	taken_at DATETIME,
	restored_at DATETIME NOT NULL,
	released_at DATETIME,
	CONSTRAINT pk_restores PRIMARY KEY (town_id, hub_epoch)
)
""",
    r"""
CREATE TABLE roster_day_changes (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	work_date DATE NOT NULL,
	code_id VARCHAR(80),
	released BOOLEAN NOT NULL,
	cause VARCHAR(400) NOT NULL,
	changed_by VARCHAR(80) NOT NULL,
	changed_at DATETIME NOT NULL,
	CONSTRAINT pk_roster_day_changes PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_roster_day_changes_person ON roster_day_changes (town_id, person_id, work_date)
""",
    r"""
CREATE TABLE rosters (
	town_id VARCHAR(36) NOT NULL,
	department_id VARCHAR(80) NOT NULL,
	starts_on DATE NOT NULL,
	published_at DATETIME,
	published_by VARCHAR(80),
	CONSTRAINT pk_rosters PRIMARY KEY (town_id, department_id, starts_on)
)
""",
    r"""
CREATE TABLE session_prints (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	print VARCHAR(16) NOT NULL,
	greeted_at DATETIME NOT NULL,
	CONSTRAINT pk_session_prints PRIMARY KEY (town_id, controller_id, print)
)
""",
    r"""
CREATE INDEX ix_session_prints_greeted_at ON session_prints (town_id, controller_id, greeted_at)
""",
    r"""
CREATE TABLE shift_codes (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	code VARCHAR(8) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	stretches JSON NOT NULL,
	breaks JSON NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	retired BOOLEAN NOT NULL,
	CONSTRAINT pk_shift_codes PRIMARY KEY (town_id, id),
	CONSTRAINT uq_shift_codes_town_id_code UNIQUE (town_id, code)
)
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
	area VARCHAR(80) NOT NULL,
	latitude FLOAT,
	longitude FLOAT,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_sites PRIMARY KEY (town_id, id),
	CONSTRAINT uq_sites_town_id_name UNIQUE (town_id, name)
)
""",
    r"""
CREATE TABLE special_works (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	month VARCHAR(7) NOT NULL,
	fiscal_year INTEGER NOT NULL,
	department_id VARCHAR(80) NOT NULL,
	kinds JSON NOT NULL,
	minutes INTEGER NOT NULL,
	cause VARCHAR(1000) NOT NULL,
	recorded_by VARCHAR(80) NOT NULL,
	recorded_at DATETIME NOT NULL,
	analysis VARCHAR(2000) NOT NULL,
	analysed_by VARCHAR(80),
	analysed_at DATETIME,
	CONSTRAINT pk_special_works PRIMARY KEY (town_id, id),
	CONSTRAINT uq_special_works_town_id_person_id_month UNIQUE (town_id, person_id, month)
)
""",
    r"""
CREATE TABLE staff_imports (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	profile_id VARCHAR(80) NOT NULL,
	file_name VARCHAR(200) NOT NULL,
	sha256 VARCHAR(64) NOT NULL,
	effective_on DATE NOT NULL,
	state VARCHAR(64) NOT NULL,
	actor VARCHAR(120) NOT NULL,
	tried_at DATETIME NOT NULL,
	done_at DATETIME,
	expires_at DATETIME NOT NULL,
	rows INTEGER NOT NULL,
	counts JSON NOT NULL,
	CONSTRAINT pk_staff_imports PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_staff_imports_tried ON staff_imports (town_id, tried_at)
""",
    r"""
CREATE TABLE staff_profiles (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(64) NOT NULL,
	shape JSON NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_staff_profiles PRIMARY KEY (town_id, id),
	CONSTRAINT uq_staff_profiles_town_id_name UNIQUE (town_id, name)
)
""",
    r"""
CREATE TABLE staged_files (
	town_id VARCHAR(36) NOT NULL,
	purpose VARCHAR(20) NOT NULL,
	owner_id VARCHAR(80) NOT NULL,
	"key" VARCHAR(80) NOT NULL,
	file_name VARCHAR(200) NOT NULL,
	sha256 VARCHAR(64) NOT NULL,
	plan_digest VARCHAR(64) NOT NULL,
	data BLOB NOT NULL,
	expires_at DATETIME NOT NULL,
	CONSTRAINT pk_staged_files PRIMARY KEY (town_id, purpose, owner_id, "key")
)
""",
    r"""
CREATE INDEX ix_staged_files_expires ON staged_files (town_id, expires_at)
""",
    r"""
CREATE TABLE swept_days (
	town_id VARCHAR(36) NOT NULL,
	name VARCHAR(40) NOT NULL,
	through_on DATE NOT NULL,
	CONSTRAINT pk_swept_days PRIMARY KEY (town_id, name)
)
""",
    r"""
CREATE TABLE timesheet_months (
	town_id VARCHAR(36) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	month INTEGER NOT NULL,
	file TEXT NOT NULL,
	result TEXT NOT NULL,
	fingerprint VARCHAR(64) NOT NULL,
	rules VARCHAR(64) NOT NULL,
	stale BOOLEAN NOT NULL,
	partial BOOLEAN NOT NULL,
	good_until DATETIME,
	tail JSON NOT NULL,
	cap_type VARCHAR(64),
	cap_month_min INTEGER,
	cap_average_min INTEGER,
	reckoned_at DATETIME NOT NULL,
	CONSTRAINT pk_timesheet_months PRIMARY KEY (town_id, person_id, month)
)
""",
    r"""
CREATE INDEX ix_timesheet_months_month ON timesheet_months (town_id, month)
""",
    r"""
CREATE INDEX ix_timesheet_months_stale ON timesheet_months (town_id, stale)
""",
    r"""
CREATE TABLE touched_days (
	town_id VARCHAR(36) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	work_date DATE NOT NULL,
	at DATETIME NOT NULL,
	CONSTRAINT pk_touched_days PRIMARY KEY (town_id, person_id, work_date)
)
""",
    r"""
CREATE TABLE touched_spans (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	first_on DATE NOT NULL,
	last_on DATE NOT NULL,
	at DATETIME NOT NULL,
	CONSTRAINT pk_touched_spans PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_touched_spans_at ON touched_spans (town_id, at, id)
""",
    r"""
CREATE TABLE webhook_alarms (
	town_id VARCHAR(36) NOT NULL,
	id BIGINT NOT NULL,
	kind VARCHAR(64) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80),
	device_id VARCHAR(80),
	raised_at DATETIME NOT NULL,
	over BOOLEAN NOT NULL,
	CONSTRAINT pk_webhook_alarms PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE TABLE webhook_endpoints (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	url VARCHAR(500) NOT NULL,
	description VARCHAR(200) NOT NULL,
	kinds JSON NOT NULL,
	sites JSON,
	insecure BOOLEAN NOT NULL,
	include_contact BOOLEAN NOT NULL,
	state VARCHAR(64) NOT NULL,
	failures INTEGER NOT NULL,
	secret BLOB NOT NULL,
	previous_secret BLOB,
	previous_until DATETIME,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	last_success_at DATETIME,
	last_failure_at DATETIME,
	CONSTRAINT pk_webhook_endpoints PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE TABLE webhook_marks (
	town_id VARCHAR(36) NOT NULL,
	name VARCHAR(32) NOT NULL,
	through BIGINT NOT NULL,
	CONSTRAINT pk_webhook_marks PRIMARY KEY (town_id, name)
)
""",
    r"""
CREATE TABLE webhook_sources (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	sites JSON,
	profile JSON NOT NULL,
	state VARCHAR(64) NOT NULL,
	secret BLOB NOT NULL,
	previous_secret BLOB,
	previous_until DATETIME,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_webhook_sources PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE TABLE whereabouts (
	town_id VARCHAR(36) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	zone_id VARCHAR(80) NOT NULL,
	depth INTEGER NOT NULL,
	since DATETIME NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	CONSTRAINT pk_whereabouts PRIMARY KEY (town_id, person_id, zone_id)
)
""",
    r"""
CREATE INDEX ix_whereabouts_zone ON whereabouts (town_id, zone_id, since)
""",
    r"""
CREATE TABLE work_patterns (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	kind VARCHAR(64) NOT NULL,
	anchor DATE NOT NULL,
	codes JSON NOT NULL,
	rostered BOOLEAN NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	retired BOOLEAN NOT NULL,
	CONSTRAINT pk_work_patterns PRIMARY KEY (town_id, id),
	CONSTRAINT uq_work_patterns_town_id_name UNIQUE (town_id, name)
)
""",
    r"""
CREATE TABLE zone_beginnings (
	town_id VARCHAR(36) NOT NULL,
	zone_id VARCHAR(80) NOT NULL,
	at DATETIME NOT NULL,
	CONSTRAINT pk_zone_beginnings PRIMARY KEY (town_id, zone_id)
)
""",
    r"""
CREATE TABLE card_enrolments (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	reader_id VARCHAR(80) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80),
	label VARCHAR(100) NOT NULL,
	valid_until DATETIME,
	replaces_id VARCHAR(80),
	state VARCHAR(64) NOT NULL,
	public_key VARCHAR(100) NOT NULL,
	private_key BLOB,
	started_at DATETIME NOT NULL,
	until DATETIME NOT NULL,
	ended_at DATETIME,
	actor_kind VARCHAR(16) NOT NULL,
	actor_id VARCHAR(80) NOT NULL,
	actor_name VARCHAR(100) NOT NULL,
	card_id VARCHAR(80),
	refusal VARCHAR(64) NOT NULL,
	refused_card_id VARCHAR(80),
	first_index VARCHAR(64) NOT NULL,
	first_read BLOB,
	candidates VARCHAR(200) NOT NULL,
	key_set_id VARCHAR(80),
	profile VARCHAR(128),
	shared_key BLOB,
	CONSTRAINT pk_card_enrolments PRIMARY KEY (town_id, id),
	CONSTRAINT fk_card_enrolments_town_id_person_id FOREIGN KEY(town_id, person_id) REFERENCES people (town_id, id),
	CONSTRAINT fk_card_enrolments_town_id_key_set_id FOREIGN KEY(town_id, key_set_id) REFERENCES card_key_sets (town_id, id)
)
""",
    r"""
CREATE INDEX ix_card_enrolments_controller_id ON card_enrolments (controller_id)
""",
    r"""
CREATE INDEX ix_card_enrolments_reader_id ON card_enrolments (reader_id)
""",
    r"""
CREATE INDEX ix_card_enrolments_state ON card_enrolments (state)
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
	valid_until DATETIME,
	replaces_id VARCHAR(80),
	assurance VARCHAR(64),
	reader_id VARCHAR(80),
	key_set_id VARCHAR(80),
	key_version INTEGER,
	shared_key BLOB,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_cards PRIMARY KEY (town_id, id),
	CONSTRAINT fk_cards_town_id_person_id FOREIGN KEY(town_id, person_id) REFERENCES people (town_id, id),
	CONSTRAINT fk_cards_town_id_key_set_id FOREIGN KEY(town_id, key_set_id) REFERENCES card_key_sets (town_id, id),
	CONSTRAINT uq_cards_town_id_identity_index UNIQUE (town_id, identity_index)
)
""",
    r"""
CREATE INDEX ix_cards_key_set_id ON cards (key_set_id)
""",
    r"""
CREATE INDEX ix_cards_person_id ON cards (person_id)
""",
    r"""
CREATE TABLE closed_months (
	town_id VARCHAR(36) NOT NULL,
	closing_id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	month VARCHAR(7) NOT NULL,
	department_id VARCHAR(80) NOT NULL,
	result TEXT,
	file TEXT,
	fingerprint VARCHAR(64) NOT NULL,
	inputs JSON NOT NULL,
	in_force BOOLEAN,
	CONSTRAINT pk_closed_months PRIMARY KEY (town_id, closing_id, person_id),
	CONSTRAINT fk_closed_months_town_id_closing_id FOREIGN KEY(town_id, closing_id) REFERENCES closings (town_id, id),
	CONSTRAINT uq_closed_months_town_id_person_id_month_in_force UNIQUE (town_id, person_id, month, in_force)
)
""",
    r"""
CREATE INDEX ix_closed_months_month ON closed_months (town_id, month)
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
CREATE TABLE csv_lines (
	town_id VARCHAR(36) NOT NULL,
	profile_id VARCHAR(80) NOT NULL,
	reservation_key VARCHAR(128) NOT NULL,
	digest VARCHAR(64) NOT NULL,
	seen_at DATETIME NOT NULL,
	CONSTRAINT pk_csv_lines PRIMARY KEY (town_id, profile_id, reservation_key),
	CONSTRAINT fk_csv_lines_town_id_profile_id FOREIGN KEY(town_id, profile_id) REFERENCES csv_profiles (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE TABLE delegations (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	from_person_id VARCHAR(80) NOT NULL,
	to_person_id VARCHAR(80) NOT NULL,
	kinds JSON NOT NULL,
	starts_on DATE NOT NULL,
	ends_on DATE NOT NULL,
	revoked_at DATETIME,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_delegations PRIMARY KEY (town_id, id),
	CONSTRAINT fk_delegations_town_id_from_person_id FOREIGN KEY(town_id, from_person_id) REFERENCES people (town_id, id),
	CONSTRAINT fk_delegations_town_id_to_person_id FOREIGN KEY(town_id, to_person_id) REFERENCES people (town_id, id)
)
""",
    r"""
CREATE INDEX ix_delegations_from_person_id ON delegations (from_person_id)
""",
    r"""
CREATE INDEX ix_delegations_to_person_id ON delegations (to_person_id)
""",
    r"""
CREATE TABLE department_terms (
	town_id VARCHAR(36) NOT NULL,
	department_id VARCHAR(80) NOT NULL,
	starts_on DATE NOT NULL,
	cap_type VARCHAR(64) NOT NULL,
	article_36 BOOLEAN NOT NULL,
	CONSTRAINT pk_department_terms PRIMARY KEY (town_id, department_id, starts_on),
	CONSTRAINT fk_department_terms_town_id_department_id FOREIGN KEY(town_id, department_id) REFERENCES departments (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE TABLE divergence_steps (
	town_id VARCHAR(36) NOT NULL,
	divergence_id VARCHAR(80) NOT NULL,
	number INTEGER NOT NULL,
	at DATETIME NOT NULL,
	actor VARCHAR(80) NOT NULL,
	act VARCHAR(64),
	state VARCHAR(64) NOT NULL,
	minutes INTEGER NOT NULL,
	note VARCHAR(500) NOT NULL,
	links JSON NOT NULL,
	CONSTRAINT pk_divergence_steps PRIMARY KEY (town_id, divergence_id, number),
	CONSTRAINT fk_divergence_steps_town_id_divergence_id FOREIGN KEY(town_id, divergence_id) REFERENCES divergences (town_id, id)
)
""",
    r"""
CREATE TABLE employments (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	starts_on DATE NOT NULL,
	ends_on DATE,
	department_id VARCHAR(80) NOT NULL,
	kind VARCHAR(40) NOT NULL,
	post VARCHAR(100) NOT NULL,
	heads BOOLEAN NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_employments PRIMARY KEY (town_id, id),
	CONSTRAINT fk_employments_town_id_person_id FOREIGN KEY(town_id, person_id) REFERENCES people (town_id, id),
	CONSTRAINT fk_employments_town_id_department_id FOREIGN KEY(town_id, department_id) REFERENCES departments (town_id, id),
	CONSTRAINT ck_employments_in_order CHECK (ends_on IS NULL OR starts_on <= ends_on)
)
""",
    r"""
CREATE INDEX ix_employments_department_id ON employments (department_id)
""",
    r"""
CREATE INDEX ix_employments_ends ON employments (town_id, ends_on)
""",
    r"""
CREATE INDEX ix_employments_person ON employments (town_id, person_id, starts_on)
""",
    r"""
CREATE TRIGGER employments_once_insert BEFORE INSERT ON employments WHEN EXISTS (SELECT 1 FROM employments AS other WHERE other.town_id = NEW.town_id AND other.person_id = NEW.person_id AND other.id <> NEW.id AND (NEW.ends_on IS NULL OR other.starts_on <= NEW.ends_on) AND (other.ends_on IS NULL OR NEW.starts_on <= other.ends_on)) BEGIN SELECT RAISE(ABORT, 'OVERLAP constraint failed: employments.person_id'); END
""",
    r"""
CREATE TRIGGER employments_once_update BEFORE UPDATE ON employments WHEN EXISTS (SELECT 1 FROM employments AS other WHERE other.town_id = NEW.town_id AND other.person_id = NEW.person_id AND other.id <> NEW.id AND (NEW.ends_on IS NULL OR other.starts_on <= NEW.ends_on) AND (other.ends_on IS NULL OR NEW.starts_on <= other.ends_on)) BEGIN SELECT RAISE(ABORT, 'OVERLAP constraint failed: employments.person_id'); END
""",
    r"""
CREATE TABLE facilities (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	site_id VARCHAR(80) NOT NULL,
	name_ja VARCHAR(120) NOT NULL,
	name_easy VARCHAR(120) NOT NULL,
	name_en VARCHAR(120) NOT NULL,
	phone VARCHAR(40) NOT NULL,
	approval VARCHAR(64) NOT NULL,
	payment VARCHAR(64) NOT NULL,
	handover VARCHAR(64) NOT NULL,
	timezone VARCHAR(64) NOT NULL,
	holders_max INTEGER NOT NULL,
	steps JSON NOT NULL,
	calendar_id VARCHAR(80),
	margin_before_min INTEGER NOT NULL,
	margin_after_min INTEGER NOT NULL,
	slot_min INTEGER NOT NULL,
	longest_min INTEGER NOT NULL,
	ahead_days INTEGER NOT NULL,
	opening JSON NOT NULL,
	duress BOOLEAN DEFAULT 0 NOT NULL,
	active BOOLEAN NOT NULL,
	created_at DATETIME NOT NULL,
	changed_at DATETIME NOT NULL,
	CONSTRAINT pk_facilities PRIMARY KEY (town_id, id),
	CONSTRAINT fk_facilities_town_id_site_id FOREIGN KEY(town_id, site_id) REFERENCES sites (town_id, id)
)
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
CREATE TABLE key_boxes (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	site_id VARCHAR(80) NOT NULL,
	state VARCHAR(64) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	name_kana VARCHAR(100) NOT NULL,
	profile VARCHAR(32) NOT NULL,
	place VARCHAR(200) NOT NULL,
	closing VARCHAR(200) NOT NULL,
	key_holder VARCHAR(200) NOT NULL,
	visit_every_days INTEGER NOT NULL,
	generation INTEGER NOT NULL,
	device_version BIGINT NOT NULL,
	code_version BIGINT NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_key_boxes PRIMARY KEY (town_id, id),
	CONSTRAINT fk_key_boxes_town_id_site_id FOREIGN KEY(town_id, site_id) REFERENCES sites (town_id, id),
	CONSTRAINT uq_key_boxes_town_id_site_id_name UNIQUE (town_id, site_id, name)
)
""",
    r"""
CREATE TABLE month_adjustments (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	seq BIGINT NOT NULL,
	closing_id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	month VARCHAR(7) NOT NULL,
	department_id VARCHAR(80) NOT NULL,
	causes JSON NOT NULL,
	figures JSON NOT NULL,
	added JSON NOT NULL,
	removed JSON NOT NULL,
	days JSON NOT NULL,
	state VARCHAR(64) NOT NULL,
	found_at DATETIME NOT NULL,
	signed_by VARCHAR(80),
	signed_at DATETIME,
	remark VARCHAR(500) NOT NULL,
	carried_into VARCHAR(7),
	carried_by VARCHAR(80),
	CONSTRAINT pk_month_adjustments PRIMARY KEY (town_id, id),
	CONSTRAINT uq_month_adjustments_town_id_seq UNIQUE (town_id, seq),
	CONSTRAINT fk_month_adjustments_town_id_closing_id FOREIGN KEY(town_id, closing_id) REFERENCES closings (town_id, id)
)
""",
    r"""
CREATE INDEX ix_month_adjustments_person ON month_adjustments (town_id, person_id, month)
""",
    r"""
CREATE INDEX ix_month_adjustments_state ON month_adjustments (town_id, state)
""",
    r"""
CREATE TABLE notice_attempts (
	town_id VARCHAR(36) NOT NULL,
	notice_id VARCHAR(80) NOT NULL,
	number INTEGER NOT NULL,
	at DATETIME NOT NULL,
	outcome VARCHAR(64) NOT NULL,
	code VARCHAR(40) NOT NULL,
	CONSTRAINT pk_notice_attempts PRIMARY KEY (town_id, notice_id, number),
	CONSTRAINT fk_notice_attempts_town_id_notice_id FOREIGN KEY(town_id, notice_id) REFERENCES notices (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE TABLE pattern_assignments (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	subject_kind VARCHAR(64) NOT NULL,
	subject_id VARCHAR(80) NOT NULL,
	pattern_id VARCHAR(80) NOT NULL,
	starts_on DATE NOT NULL,
	ends_on DATE,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_pattern_assignments PRIMARY KEY (town_id, id),
	CONSTRAINT fk_pattern_assignments_town_id_pattern_id FOREIGN KEY(town_id, pattern_id) REFERENCES work_patterns (town_id, id),
	CONSTRAINT uq_pattern_assignments_town_id_subject_kind_subject_id_starts_on UNIQUE (town_id, subject_kind, subject_id, starts_on),
	CONSTRAINT ck_pattern_assignments_span CHECK (ends_on IS NULL OR ends_on >= starts_on)
)
""",
    r"""
CREATE TABLE roster_days (
	town_id VARCHAR(36) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	work_date DATE NOT NULL,
	code_id VARCHAR(80),
	CONSTRAINT pk_roster_days PRIMARY KEY (town_id, person_id, work_date),
	CONSTRAINT fk_roster_days_town_id_code_id FOREIGN KEY(town_id, code_id) REFERENCES shift_codes (town_id, id)
)
""",
    r"""
CREATE INDEX ix_roster_days_date ON roster_days (town_id, work_date)
""",
    r"""
CREATE TABLE roster_drafts (
	town_id VARCHAR(36) NOT NULL,
	department_id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	work_date DATE NOT NULL,
	code_id VARCHAR(80),
	CONSTRAINT pk_roster_drafts PRIMARY KEY (town_id, department_id, person_id, work_date),
	CONSTRAINT fk_roster_drafts_town_id_code_id FOREIGN KEY(town_id, code_id) REFERENCES shift_codes (town_id, id)
)
""",
    r"""
CREATE INDEX ix_roster_drafts_date ON roster_drafts (town_id, work_date)
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
CREATE TABLE special_work_texts (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	special_work_id VARCHAR(80) NOT NULL,
	field VARCHAR(10) NOT NULL,
	text VARCHAR(2000) NOT NULL,
	written_by VARCHAR(80) NOT NULL,
	replaced_at DATETIME NOT NULL,
	CONSTRAINT pk_special_work_texts PRIMARY KEY (town_id, id),
	CONSTRAINT fk_special_work_texts_town_id_special_work_id FOREIGN KEY(town_id, special_work_id) REFERENCES special_works (town_id, id)
)
""",
    r"""
CREATE TABLE staff_contacts (
	town_id VARCHAR(36) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	mail VARCHAR(254),
	language VARCHAR(64) NOT NULL,
	CONSTRAINT pk_staff_contacts PRIMARY KEY (town_id, person_id),
	CONSTRAINT fk_staff_contacts_town_id_person_id FOREIGN KEY(town_id, person_id) REFERENCES people (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE TABLE staff_departures (
	town_id VARCHAR(36) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	left_on DATE NOT NULL,
	blocked BOOLEAN NOT NULL,
	seen_at DATETIME NOT NULL,
	CONSTRAINT pk_staff_departures PRIMARY KEY (town_id, person_id, left_on),
	CONSTRAINT fk_staff_departures_town_id_person_id FOREIGN KEY(town_id, person_id) REFERENCES people (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE TABLE users (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	login VARCHAR(100) NOT NULL,
	name VARCHAR(100) NOT NULL,
	password_hash VARCHAR(200) NOT NULL,
	role VARCHAR(64) NOT NULL,
	sites JSON,
	person_id VARCHAR(80),
	state VARCHAR(64) NOT NULL,
	last_login_at DATETIME,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_users PRIMARY KEY (town_id, id),
	CONSTRAINT fk_users_town_id_person_id FOREIGN KEY(town_id, person_id) REFERENCES people (town_id, id),
	CONSTRAINT uq_users_town_id_login UNIQUE (town_id, login)
)
""",
    r"""
CREATE TABLE visits (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	site_id VARCHAR(80) NOT NULL,
	state VARCHAR(64) NOT NULL,
	organisation VARCHAR(100) NOT NULL,
	host_id VARCHAR(80),
	purpose VARCHAR(200) NOT NULL,
	starts_at DATETIME NOT NULL,
	ends_at DATETIME NOT NULL,
	daily BOOLEAN NOT NULL,
	doors JSON NOT NULL,
	zones JSON NOT NULL,
	escort_required BOOLEAN NOT NULL,
	escort_s INTEGER NOT NULL,
	escorts JSON NOT NULL,
	note VARCHAR(500) NOT NULL,
	forgotten_at DATETIME,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_visits PRIMARY KEY (town_id, id),
	CONSTRAINT fk_visits_town_id_site_id FOREIGN KEY(town_id, site_id) REFERENCES sites (town_id, id),
	CONSTRAINT fk_visits_town_id_host_id FOREIGN KEY(town_id, host_id) REFERENCES people (town_id, id),
	CONSTRAINT ck_visits_window CHECK (starts_at < ends_at)
)
""",
    r"""
CREATE INDEX ix_visits_end ON visits (town_id, ends_at)
""",
    r"""
CREATE INDEX ix_visits_host_id ON visits (host_id)
""",
    r"""
CREATE INDEX ix_visits_site_id ON visits (site_id)
""",
    r"""
CREATE INDEX ix_visits_start ON visits (town_id, starts_at)
""",
    r"""
CREATE TABLE webhook_deliveries (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	endpoint_id VARCHAR(80) NOT NULL,
	message_id VARCHAR(80) NOT NULL,
	kind VARCHAR(64) NOT NULL,
	seq BIGINT NOT NULL,
	payload TEXT NOT NULL,
	state VARCHAR(64) NOT NULL,
	attempts INTEGER NOT NULL,
	tries INTEGER NOT NULL,
	next_at DATETIME NOT NULL,
	created_at DATETIME NOT NULL,
	settled_at DATETIME,
	CONSTRAINT pk_webhook_deliveries PRIMARY KEY (town_id, id),
	CONSTRAINT uq_webhook_deliveries_town_id_endpoint_id_message_id UNIQUE (town_id, endpoint_id, message_id),
	CONSTRAINT fk_webhook_deliveries_town_id_endpoint_id FOREIGN KEY(town_id, endpoint_id) REFERENCES webhook_endpoints (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE INDEX ix_webhook_deliveries_created ON webhook_deliveries (town_id, created_at)
""",
    r"""
CREATE INDEX ix_webhook_deliveries_due ON webhook_deliveries (town_id, endpoint_id, next_at) WHERE state = 'pending'
""",
    r"""
CREATE TABLE webhook_received (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	source_id VARCHAR(80) NOT NULL,
	message_id VARCHAR(128) NOT NULL,
	body_hash VARCHAR(64) NOT NULL,
	received_at DATETIME NOT NULL,
	result VARCHAR(64) NOT NULL,
	reservation_key VARCHAR(128),
	booking_id VARCHAR(80),
	code VARCHAR(64) NOT NULL,
	field VARCHAR(200) NOT NULL,
	times INTEGER NOT NULL,
	CONSTRAINT pk_webhook_received PRIMARY KEY (town_id, id),
	CONSTRAINT uq_webhook_received_town_id_source_id_message_id UNIQUE (town_id, source_id, message_id),
	CONSTRAINT fk_webhook_received_town_id_source_id FOREIGN KEY(town_id, source_id) REFERENCES webhook_sources (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE INDEX ix_webhook_received_at ON webhook_received (town_id, source_id, received_at)
""",
    r"""
CREATE TABLE webhook_stamps (
	town_id VARCHAR(36) NOT NULL,
	source_id VARCHAR(80) NOT NULL,
	reservation_key VARCHAR(128) NOT NULL,
	about VARCHAR(64) NOT NULL,
	stamp BIGINT NOT NULL,
	at DATETIME NOT NULL,
	CONSTRAINT pk_webhook_stamps PRIMARY KEY (town_id, source_id, reservation_key, about),
	CONSTRAINT fk_webhook_stamps_town_id_source_id FOREIGN KEY(town_id, source_id) REFERENCES webhook_sources (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE INDEX ix_webhook_stamps_at ON webhook_stamps (town_id, at)
""",
    r"""
CREATE TABLE working_calendars (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	calendar_id VARCHAR(80) NOT NULL,
	CONSTRAINT pk_working_calendars PRIMARY KEY (town_id, id),
	CONSTRAINT fk_working_calendars_town_id_calendar_id FOREIGN KEY(town_id, calendar_id) REFERENCES calendars (town_id, id)
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
	soft BOOLEAN NOT NULL,
	forget_after_s INTEGER,
	reset_min INTEGER,
	tz VARCHAR(64) NOT NULL,
	forgiven BIGINT NOT NULL,
	forgiven_at DATETIME,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_zones PRIMARY KEY (town_id, id),
	CONSTRAINT fk_zones_town_id_site_id FOREIGN KEY(town_id, site_id) REFERENCES sites (town_id, id),
	CONSTRAINT uq_zones_town_id_site_id_name UNIQUE (town_id, site_id, name)
)
""",
    r"""
CREATE TABLE booking_series (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	series_key VARCHAR(110) NOT NULL,
	site_id VARCHAR(80) NOT NULL,
	facility_id VARCHAR(80) NOT NULL,
	state VARCHAR(64) NOT NULL,
	rule VARCHAR(400) NOT NULL,
	first_start VARCHAR(26) NOT NULL,
	first_end VARCHAR(26) NOT NULL,
	except_on JSON NOT NULL,
	on_conflict VARCHAR(64) NOT NULL,
	timezone VARCHAR(64) NOT NULL,
	created_at DATETIME NOT NULL,
	changed_at DATETIME NOT NULL,
	CONSTRAINT pk_booking_series PRIMARY KEY (town_id, id),
	CONSTRAINT uq_booking_series_town_id_series_key UNIQUE (town_id, series_key),
	CONSTRAINT fk_booking_series_town_id_facility_id FOREIGN KEY(town_id, facility_id) REFERENCES facilities (town_id, id),
	CONSTRAINT fk_booking_series_town_id_site_id FOREIGN KEY(town_id, site_id) REFERENCES sites (town_id, id)
)
""",
    r"""
CREATE TABLE bookings (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	reservation_key VARCHAR(128) NOT NULL,
	facility_id VARCHAR(80),
	site_id VARCHAR(80) NOT NULL,
	state VARCHAR(64) NOT NULL,
	source VARCHAR(64) NOT NULL,
	starts_at DATETIME NOT NULL,
	ends_at DATETIME NOT NULL,
	effective_from DATETIME NOT NULL,
	effective_until DATETIME NOT NULL,
	contact_name VARCHAR(120) NOT NULL,
	contact_email VARCHAR(254) NOT NULL,
	contact_phone VARCHAR(40) NOT NULL,
	contact_line VARCHAR(64) DEFAULT '' NOT NULL,
	contact_language VARCHAR(64) DEFAULT 'ja' NOT NULL,
	number VARCHAR(8) NOT NULL,
	margin_before_min INTEGER NOT NULL,
	margin_after_min INTEGER NOT NULL,
	handover VARCHAR(64) NOT NULL,
	payment VARCHAR(64) NOT NULL,
	approved_at DATETIME,
	series_id VARCHAR(80),
	occurs_on DATE,
	detached BOOLEAN NOT NULL,
	purpose TEXT NOT NULL,
	paid BOOLEAN,
	digits INTEGER,
	decision_reason VARCHAR(200) NOT NULL,
	created_at DATETIME NOT NULL,
	changed_at DATETIME NOT NULL,
	CONSTRAINT pk_bookings PRIMARY KEY (town_id, id),
	CONSTRAINT uq_bookings_town_id_reservation_key UNIQUE (town_id, reservation_key),
	CONSTRAINT fk_bookings_town_id_facility_id FOREIGN KEY(town_id, facility_id) REFERENCES facilities (town_id, id),
	CONSTRAINT fk_bookings_town_id_site_id FOREIGN KEY(town_id, site_id) REFERENCES sites (town_id, id)
)
""",
    r"""
CREATE INDEX ix_bookings_facility ON bookings (town_id, facility_id, starts_at)
""",
    r"""
CREATE INDEX ix_bookings_number ON bookings (town_id, number)
""",
    r"""
CREATE INDEX ix_bookings_series ON bookings (town_id, series_id, occurs_on)
""",
    r"""
CREATE INDEX ix_bookings_starts ON bookings (town_id, starts_at)
""",
    r"""
CREATE INDEX ix_bookings_until ON bookings (town_id, effective_until)
""",
    r"""
CREATE TABLE closures (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	site_id VARCHAR(80) NOT NULL,
	facility_id VARCHAR(80),
	first_day DATE NOT NULL,
	last_day DATE NOT NULL,
	reason_ja VARCHAR(200) NOT NULL,
	reason_easy VARCHAR(200) NOT NULL,
	reason_en VARCHAR(200) NOT NULL,
	created_at DATETIME NOT NULL,
	CONSTRAINT pk_closures PRIMARY KEY (town_id, id),
	CONSTRAINT fk_closures_town_id_site_id FOREIGN KEY(town_id, site_id) REFERENCES sites (town_id, id),
	CONSTRAINT fk_closures_town_id_facility_id FOREIGN KEY(town_id, facility_id) REFERENCES facilities (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE INDEX ix_closures_site ON closures (town_id, site_id, last_day)
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
	bell JSON,
	"fail" VARCHAR(64) NOT NULL,
	on_untrusted_clock VARCHAR(64) NOT NULL,
	on_journal_failure VARCHAR(64) NOT NULL,
	zone_in VARCHAR(80),
	zone_out VARCHAR(80),
	hold_schedule VARCHAR(80),
	first_person VARCHAR(64) NOT NULL,
	two_person BOOLEAN NOT NULL,
	second_person_ms INTEGER NOT NULL,
	shelter BOOLEAN NOT NULL,
	interlock VARCHAR(64),
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_doors PRIMARY KEY (town_id, id),
	CONSTRAINT fk_doors_town_id_site_id FOREIGN KEY(town_id, site_id) REFERENCES sites (town_id, id),
	CONSTRAINT fk_doors_town_id_controller_id FOREIGN KEY(town_id, controller_id) REFERENCES controllers (town_id, id),
	CONSTRAINT fk_doors_town_id_zone_in FOREIGN KEY(town_id, zone_in) REFERENCES zones (town_id, id),
	CONSTRAINT fk_doors_town_id_zone_out FOREIGN KEY(town_id, zone_out) REFERENCES zones (town_id, id),
	CONSTRAINT fk_doors_town_id_hold_schedule FOREIGN KEY(town_id, hold_schedule) REFERENCES schedules (town_id, id),
	CONSTRAINT uq_doors_town_id_site_id_name UNIQUE (town_id, site_id, name)
)
""",
    r"""
CREATE INDEX ix_doors_controller_id ON doors (controller_id)
""",
    r"""
CREATE INDEX ix_doors_hold_schedule ON doors (hold_schedule)
""",
    r"""
CREATE INDEX ix_doors_site_id ON doors (site_id)
""",
    r"""
CREATE TABLE facility_excludes (
	town_id VARCHAR(36) NOT NULL,
	facility_id VARCHAR(80) NOT NULL,
	other_id VARCHAR(80) NOT NULL,
	CONSTRAINT pk_facility_excludes PRIMARY KEY (town_id, facility_id, other_id),
	CONSTRAINT fk_facility_excludes_town_id_facility_id FOREIGN KEY(town_id, facility_id) REFERENCES facilities (town_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_facility_excludes_town_id_other_id FOREIGN KEY(town_id, other_id) REFERENCES facilities (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE INDEX ix_facility_excludes_other ON facility_excludes (town_id, other_id)
""",
    r"""
CREATE TABLE facility_key_boxes (
	town_id VARCHAR(36) NOT NULL,
	facility_id VARCHAR(80) NOT NULL,
	key_box_id VARCHAR(80) NOT NULL,
	CONSTRAINT pk_facility_key_boxes PRIMARY KEY (town_id, facility_id, key_box_id),
	CONSTRAINT fk_facility_key_boxes_town_id_facility_id FOREIGN KEY(town_id, facility_id) REFERENCES facilities (town_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_facility_key_boxes_town_id_key_box_id FOREIGN KEY(town_id, key_box_id) REFERENCES key_boxes (town_id, id)
)
""",
    r"""
CREATE TABLE feeds (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(120) NOT NULL,
	shown_url VARCHAR(300) NOT NULL,
	secret BLOB NOT NULL,
	auth VARCHAR(64) NOT NULL,
	facility_id VARCHAR(80),
	places JSON NOT NULL,
	contact JSON NOT NULL,
	zone VARCHAR(64) NOT NULL,
	every_s INTEGER NOT NULL,
	horizon_days INTEGER NOT NULL,
	active BOOLEAN NOT NULL,
	etag VARCHAR(500) NOT NULL,
	last_modified VARCHAR(100) NOT NULL,
	content BLOB,
	content_hash VARCHAR(64) NOT NULL,
	failures INTEGER NOT NULL,
	failing_told BOOLEAN NOT NULL,
	next_at DATETIME NOT NULL,
	last_try_at DATETIME,
	last_good_at DATETIME,
	last_result VARCHAR(64),
	expanded_at DATETIME,
	shrank_at DATETIME,
	unread JSON NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_feeds PRIMARY KEY (town_id, id),
	CONSTRAINT fk_feeds_town_id_facility_id FOREIGN KEY(town_id, facility_id) REFERENCES facilities (town_id, id)
)
""",
    r"""
CREATE TABLE key_box_secrets (
	town_id VARCHAR(36) NOT NULL,
	key_box_id VARCHAR(80) NOT NULL,
	version BIGINT NOT NULL,
	code_secret BLOB,
	maintenance BLOB NOT NULL,
	generation INTEGER NOT NULL,
	drawn_at DATETIME NOT NULL,
	given_at DATETIME,
	installed_at DATETIME,
	CONSTRAINT pk_key_box_secrets PRIMARY KEY (town_id, key_box_id, version),
	CONSTRAINT fk_key_box_secrets_town_id_key_box_id FOREIGN KEY(town_id, key_box_id) REFERENCES key_boxes (town_id, id)
)
""",
    r"""
CREATE TABLE key_box_tickets (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	key_box_id VARCHAR(80) NOT NULL,
	day INTEGER NOT NULL,
	rights INTEGER NOT NULL,
	purpose VARCHAR(200) NOT NULL,
	made_at DATETIME NOT NULL,
	actor VARCHAR(80) NOT NULL,
	CONSTRAINT pk_key_box_tickets PRIMARY KEY (town_id, id),
	CONSTRAINT fk_key_box_tickets_town_id_key_box_id FOREIGN KEY(town_id, key_box_id) REFERENCES key_boxes (town_id, id)
)
""",
    r"""
CREATE INDEX ix_key_box_tickets_box ON key_box_tickets (town_id, key_box_id)
""",
    r"""
CREATE TABLE sessions (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(64) NOT NULL,
	user_id VARCHAR(80) NOT NULL,
	created_at DATETIME NOT NULL,
	used_at DATETIME NOT NULL,
	expires_at DATETIME NOT NULL,
	CONSTRAINT pk_sessions PRIMARY KEY (town_id, id),
	CONSTRAINT fk_sessions_town_id_user_id FOREIGN KEY(town_id, user_id) REFERENCES users (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE INDEX ix_sessions_user_id ON sessions (user_id)
""",
    r"""
CREATE TABLE visitor_cards (
	town_id VARCHAR(36) NOT NULL,
	card_id VARCHAR(80) NOT NULL,
	site_id VARCHAR(80),
	added_at DATETIME NOT NULL,
	CONSTRAINT pk_visitor_cards PRIMARY KEY (town_id, card_id),
	CONSTRAINT fk_visitor_cards_town_id_card_id FOREIGN KEY(town_id, card_id) REFERENCES cards (town_id, id),
	CONSTRAINT fk_visitor_cards_town_id_site_id FOREIGN KEY(town_id, site_id) REFERENCES sites (town_id, id)
)
""",
    r"""
CREATE TABLE visitors (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	visit_id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_kana VARCHAR(100) NOT NULL,
	arrived_at DATETIME,
	left_at DATETIME,
	card_id VARCHAR(80),
	card_given_at DATETIME,
	card_returned_at DATETIME,
	grants JSON NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_visitors PRIMARY KEY (town_id, id),
	CONSTRAINT fk_visitors_town_id_visit_id FOREIGN KEY(town_id, visit_id) REFERENCES visits (town_id, id),
	CONSTRAINT fk_visitors_town_id_card_id FOREIGN KEY(town_id, card_id) REFERENCES cards (town_id, id),
	CONSTRAINT uq_visitors_town_id_card_id UNIQUE (town_id, card_id)
)
""",
    r"""
CREATE INDEX ix_visitors_visit_id ON visitors (visit_id)
""",
    r"""
CREATE TABLE webhook_attempts (
	town_id VARCHAR(36) NOT NULL,
	delivery_id VARCHAR(80) NOT NULL,
	number INTEGER NOT NULL,
	at DATETIME NOT NULL,
	status INTEGER,
	latency_ms INTEGER NOT NULL,
	fault VARCHAR(64),
	answer TEXT NOT NULL,
	CONSTRAINT pk_webhook_attempts PRIMARY KEY (town_id, delivery_id, number),
	CONSTRAINT fk_webhook_attempts_town_id_delivery_id FOREIGN KEY(town_id, delivery_id) REFERENCES webhook_deliveries (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE TABLE booking_doors (
	town_id VARCHAR(36) NOT NULL,
	booking_id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	CONSTRAINT pk_booking_doors PRIMARY KEY (town_id, booking_id, door_id),
	CONSTRAINT fk_booking_doors_town_id_booking_id FOREIGN KEY(town_id, booking_id) REFERENCES bookings (town_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_booking_doors_town_id_door_id FOREIGN KEY(town_id, door_id) REFERENCES doors (town_id, id)
)
""",
    r"""
CREATE TABLE booking_holders (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	booking_id VARCHAR(80) NOT NULL,
	name VARCHAR(120) NOT NULL,
	person_id VARCHAR(80),
	duress BOOLEAN DEFAULT 0 NOT NULL,
	max_uses INTEGER,
	soft_uses BOOLEAN DEFAULT 0 NOT NULL,
	removed_at DATETIME,
	CONSTRAINT pk_booking_holders PRIMARY KEY (town_id, id),
	CONSTRAINT fk_booking_holders_town_id_booking_id FOREIGN KEY(town_id, booking_id) REFERENCES bookings (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE INDEX ix_booking_holders_booking ON booking_holders (town_id, booking_id)
""",
    r"""
CREATE TABLE booking_key_boxes (
	town_id VARCHAR(36) NOT NULL,
	booking_id VARCHAR(80) NOT NULL,
	key_box_id VARCHAR(80) NOT NULL,
	CONSTRAINT pk_booking_key_boxes PRIMARY KEY (town_id, booking_id, key_box_id),
	CONSTRAINT fk_booking_key_boxes_town_id_booking_id FOREIGN KEY(town_id, booking_id) REFERENCES bookings (town_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_booking_key_boxes_town_id_key_box_id FOREIGN KEY(town_id, key_box_id) REFERENCES key_boxes (town_id, id)
)
""",
    r"""
CREATE TABLE booking_outcomes (
	town_id VARCHAR(36) NOT NULL,
	booking_id VARCHAR(80) NOT NULL,
	attendance VARCHAR(64) NOT NULL,
	first_entry_at DATETIME,
	last_entry_at DATETIME,
	entries INTEGER NOT NULL,
	early_at DATETIME,
	early_denied INTEGER NOT NULL,
	late_denied INTEGER NOT NULL,
	overstayed_at DATETIME,
	left_open JSON NOT NULL,
	keys_missing JSON NOT NULL,
	unheard JSON NOT NULL,
	told JSON NOT NULL,
	settled_at DATETIME,
	changed_at DATETIME NOT NULL,
	CONSTRAINT pk_booking_outcomes PRIMARY KEY (town_id, booking_id),
	CONSTRAINT fk_booking_outcomes_town_id_booking_id FOREIGN KEY(town_id, booking_id) REFERENCES bookings (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE TABLE booking_parts (
	town_id VARCHAR(36) NOT NULL,
	booking_id VARCHAR(80) NOT NULL,
	part_id VARCHAR(80) NOT NULL,
	starts_at DATETIME NOT NULL,
	ends_at DATETIME NOT NULL,
	CONSTRAINT pk_booking_parts PRIMARY KEY (town_id, booking_id, part_id),
	CONSTRAINT fk_booking_parts_town_id_booking_id FOREIGN KEY(town_id, booking_id) REFERENCES bookings (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE INDEX ix_booking_parts_part ON booking_parts (town_id, part_id, starts_at)
""",
    r"""
CREATE TABLE door_backups (
	town_id VARCHAR(36) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	profile VARCHAR(32) NOT NULL,
	secret BLOB NOT NULL,
	version BIGINT NOT NULL,
	generation INTEGER NOT NULL,
	grace_s INTEGER NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	sealed TEXT NOT NULL,
	changed_at DATETIME NOT NULL,
	CONSTRAINT pk_door_backups PRIMARY KEY (town_id, door_id),
	CONSTRAINT fk_door_backups_town_id_door_id FOREIGN KEY(town_id, door_id) REFERENCES doors (town_id, id)
)
""",
    r"""
CREATE TABLE door_commands (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	session VARCHAR(32) NOT NULL,
	pulse_ms INTEGER NOT NULL,
	actor VARCHAR(80) NOT NULL,
	reason VARCHAR(200) NOT NULL,
	state VARCHAR(64) NOT NULL,
	observed VARCHAR(64),
	cause VARCHAR(64),
	sent_at DATETIME NOT NULL,
	expires_at DATETIME NOT NULL,
	received_at DATETIME,
	ended_at DATETIME,
	CONSTRAINT pk_door_commands PRIMARY KEY (town_id, id),
	CONSTRAINT fk_door_commands_town_id_door_id FOREIGN KEY(town_id, door_id) REFERENCES doors (town_id, id)
)
""",
    r"""
CREATE INDEX ix_door_commands_door ON door_commands (town_id, door_id, sent_at)
""",
    r"""
CREATE INDEX ix_door_commands_open ON door_commands (town_id, state, expires_at)
""",
    r"""
CREATE TABLE door_tests (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	told_by VARCHAR(64) NOT NULL,
	passed BOOLEAN NOT NULL,
	cause VARCHAR(64) NOT NULL,
	note VARCHAR(500) NOT NULL,
	actor VARCHAR(80),
	tested_at DATETIME NOT NULL,
	recorded_at DATETIME NOT NULL,
	controller_id VARCHAR(80),
	boot VARCHAR(36),
	mono_ns BIGINT,
	trusted BOOLEAN NOT NULL,
	CONSTRAINT pk_door_tests PRIMARY KEY (town_id, id),
	CONSTRAINT fk_door_tests_town_id_door_id FOREIGN KEY(town_id, door_id) REFERENCES doors (town_id, id)
)
""",
    r"""
CREATE INDEX ix_door_tests_door ON door_tests (town_id, door_id, tested_at)
""",
    r"""
CREATE TABLE facility_doors (
	town_id VARCHAR(36) NOT NULL,
	facility_id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	CONSTRAINT pk_facility_doors PRIMARY KEY (town_id, facility_id, door_id),
	CONSTRAINT fk_facility_doors_town_id_facility_id FOREIGN KEY(town_id, facility_id) REFERENCES facilities (town_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_facility_doors_town_id_door_id FOREIGN KEY(town_id, door_id) REFERENCES doors (town_id, id)
)
""",
    r"""
CREATE TABLE feed_events (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	feed_id VARCHAR(80) NOT NULL,
	uid TEXT NOT NULL,
	uid_hash VARCHAR(64) NOT NULL,
	rid VARCHAR(20) NOT NULL,
	day DATE NOT NULL,
	reservation_key VARCHAR(128) NOT NULL,
	times INTEGER NOT NULL,
	state VARCHAR(64) NOT NULL,
	starts_at DATETIME NOT NULL,
	ends_at DATETIME NOT NULL,
	digest VARCHAR(64) NOT NULL,
	said JSON NOT NULL,
	problem VARCHAR(64) NOT NULL,
	problem_detail VARCHAR(200) NOT NULL,
	first_seen_at DATETIME NOT NULL,
	changed_at DATETIME NOT NULL,
	absent_since DATETIME,
	waits BOOLEAN NOT NULL,
	gone_at DATETIME,
	gone_by VARCHAR(64),
	CONSTRAINT pk_feed_events PRIMARY KEY (town_id, id),
	CONSTRAINT uq_feed_events_town_id_feed_id_uid_hash_rid UNIQUE (town_id, feed_id, uid_hash, rid),
	CONSTRAINT fk_feed_events_town_id_feed_id FOREIGN KEY(town_id, feed_id) REFERENCES feeds (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE INDEX ix_feed_events_feed ON feed_events (town_id, feed_id, ends_at)
""",
    r"""
CREATE INDEX ix_feed_events_key ON feed_events (town_id, reservation_key)
""",
    r"""
CREATE TABLE feed_runs (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	feed_id VARCHAR(80) NOT NULL,
	at DATETIME NOT NULL,
	took_ms INTEGER NOT NULL,
	"by" VARCHAR(120) NOT NULL,
	result VARCHAR(64) NOT NULL,
	detail VARCHAR(200) NOT NULL,
	http_status INTEGER,
	size INTEGER NOT NULL,
	events INTEGER NOT NULL,
	made INTEGER NOT NULL,
	changed INTEGER NOT NULL,
	cancelled INTEGER NOT NULL,
	refused INTEGER NOT NULL,
	absent INTEGER NOT NULL,
	CONSTRAINT pk_feed_runs PRIMARY KEY (town_id, id),
	CONSTRAINT fk_feed_runs_town_id_feed_id FOREIGN KEY(town_id, feed_id) REFERENCES feeds (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE INDEX ix_feed_runs_feed ON feed_runs (town_id, feed_id, at)
""",
    r"""
CREATE TABLE grants (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80),
	zone_id VARCHAR(80),
	person_id VARCHAR(80),
	group_id VARCHAR(80),
	card_id VARCHAR(80),
	start_at DATETIME,
	end_at DATETIME,
	schedule_id VARCHAR(80),
	needs_pin BOOLEAN NOT NULL,
	first_person BOOLEAN NOT NULL,
	max_uses INTEGER,
	soft BOOLEAN NOT NULL,
	escorts JSON NOT NULL,
	escort_s INTEGER NOT NULL,
	state VARCHAR(64) NOT NULL,
	note VARCHAR(200) NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	CONSTRAINT pk_grants PRIMARY KEY (town_id, id),
	CONSTRAINT fk_grants_town_id_door_id FOREIGN KEY(town_id, door_id) REFERENCES doors (town_id, id),
	CONSTRAINT fk_grants_town_id_zone_id FOREIGN KEY(town_id, zone_id) REFERENCES zones (town_id, id),
	CONSTRAINT fk_grants_town_id_person_id FOREIGN KEY(town_id, person_id) REFERENCES people (town_id, id),
	CONSTRAINT fk_grants_town_id_group_id FOREIGN KEY(town_id, group_id) REFERENCES groups (town_id, id),
	CONSTRAINT fk_grants_town_id_card_id FOREIGN KEY(town_id, card_id) REFERENCES cards (town_id, id),
	CONSTRAINT fk_grants_town_id_schedule_id FOREIGN KEY(town_id, schedule_id) REFERENCES schedules (town_id, id),
	CONSTRAINT ck_grants_one_subject CHECK ((CASE WHEN person_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN group_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN card_id IS NULL THEN 0 ELSE 1 END) = 1),
	CONSTRAINT ck_grants_one_place CHECK ((door_id IS NULL) <> (zone_id IS NULL)),
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
CREATE INDEX ix_grants_start ON grants (town_id, start_at)
""",
    r"""
CREATE INDEX ix_grants_zone_id ON grants (zone_id)
""",
    r"""
CREATE TABLE line_link_codes (
	town_id VARCHAR(36) NOT NULL,
	code_hash VARCHAR(64) NOT NULL,
	booking_id VARCHAR(80) NOT NULL,
	expires_at DATETIME NOT NULL,
	CONSTRAINT pk_line_link_codes PRIMARY KEY (town_id, code_hash),
	CONSTRAINT fk_line_link_codes_town_id_booking_id FOREIGN KEY(town_id, booking_id) REFERENCES bookings (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE TABLE mode_orders (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	order_no BIGINT NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	mode VARCHAR(64) NOT NULL,
	reason VARCHAR(200) NOT NULL,
	actor VARCHAR(80) NOT NULL,
	ordered_at DATETIME NOT NULL,
	expires_at DATETIME,
	withdrawn_at DATETIME,
	emergency_id VARCHAR(80),
	applied_at DATETIME,
	ended_at DATETIME,
	CONSTRAINT pk_mode_orders PRIMARY KEY (town_id, id),
	CONSTRAINT uq_mode_orders_town_id_order_no UNIQUE (town_id, order_no),
	CONSTRAINT fk_mode_orders_town_id_door_id FOREIGN KEY(town_id, door_id) REFERENCES doors (town_id, id),
	CONSTRAINT fk_mode_orders_town_id_emergency_id FOREIGN KEY(town_id, emergency_id) REFERENCES emergencies (town_id, id)
)
""",
    r"""
CREATE INDEX ix_mode_orders_door ON mode_orders (town_id, door_id, withdrawn_at)
""",
    r"""
CREATE TABLE pin_placements (
	town_id VARCHAR(36) NOT NULL,
	credential_id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	grant_id VARCHAR(80) NOT NULL,
	starts_at DATETIME NOT NULL,
	ends_at DATETIME NOT NULL,
	state VARCHAR(64) NOT NULL,
	problems JSON NOT NULL,
	wanted_version BIGINT,
	changed_at DATETIME NOT NULL,
	placed_at DATETIME,
	old_digits_since DATETIME,
	held_until DATETIME,
	CONSTRAINT pk_pin_placements PRIMARY KEY (town_id, credential_id, door_id),
	CONSTRAINT fk_pin_placements_town_id_credential_id FOREIGN KEY(town_id, credential_id) REFERENCES pin_credentials (town_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_pin_placements_town_id_door_id FOREIGN KEY(town_id, door_id) REFERENCES doors (town_id, id),
	CONSTRAINT uq_pin_placements_town_id_grant_id UNIQUE (town_id, grant_id)
)
""",
    r"""
CREATE INDEX ix_pin_placements_door ON pin_placements (town_id, door_id, state)
""",
    r"""
CREATE INDEX ix_pin_placements_ends ON pin_placements (town_id, state, ends_at)
""",
    r"""
CREATE INDEX ix_pin_placements_left ON pin_placements (town_id, door_id) WHERE held_until IS NOT NULL
""",
    r"""
CREATE INDEX ix_pin_placements_starts ON pin_placements (town_id, state, starts_at)
""",
    r"""
CREATE TABLE pin_pools (
	town_id VARCHAR(36) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	size INTEGER NOT NULL,
	life_days INTEGER NOT NULL,
	changed_at DATETIME NOT NULL,
	CONSTRAINT pk_pin_pools PRIMARY KEY (town_id, door_id),
	CONSTRAINT fk_pin_pools_town_id_door_id FOREIGN KEY(town_id, door_id) REFERENCES doors (town_id, id)
)
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
	min_assurance VARCHAR(64) NOT NULL,
	key_timeout_ms INTEGER NOT NULL,
	max_keys INTEGER NOT NULL,
	tries INTEGER NOT NULL,
	budget_window_s INTEGER NOT NULL,
	lockout_s INTEGER NOT NULL,
	lockout_max_s INTEGER NOT NULL,
	card_tries INTEGER NOT NULL,
	card_window_s INTEGER NOT NULL,
	card_lockout_s INTEGER NOT NULL,
	card_lockout_max_s INTEGER NOT NULL,
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
    r"""
CREATE TABLE standing_codes (
	town_id VARCHAR(36) NOT NULL,
	credential_id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	made_at DATETIME NOT NULL,
	pulled_at DATETIME,
	pulled_from DATETIME,
	pulled_until DATETIME,
	CONSTRAINT pk_standing_codes PRIMARY KEY (town_id, credential_id),
	CONSTRAINT fk_standing_codes_town_id_credential_id FOREIGN KEY(town_id, credential_id) REFERENCES pin_credentials (town_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_standing_codes_town_id_door_id FOREIGN KEY(town_id, door_id) REFERENCES doors (town_id, id)
)
""",
    r"""
CREATE INDEX ix_standing_codes_door ON standing_codes (town_id, door_id)
""",
]

POSTGRESQL = [
    r"""
CREATE EXTENSION IF NOT EXISTS btree_gist
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
CREATE TABLE api_tokens (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	token_hash VARCHAR(64) NOT NULL,
	role VARCHAR(64) NOT NULL,
	sites JSONB,
	created_by VARCHAR(80) NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE,
	revoked_at TIMESTAMP WITH TIME ZONE,
	last_used_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_api_tokens PRIMARY KEY (town_id, id),
	CONSTRAINT uq_api_tokens_town_id_token_hash UNIQUE (town_id, token_hash)
)
""",
    r"""
CREATE TABLE application_trail (
	town_id VARCHAR(36) NOT NULL,
	application_id VARCHAR(80) NOT NULL,
	seq INTEGER NOT NULL,
	version INTEGER NOT NULL,
	step INTEGER NOT NULL,
	told VARCHAR(64) NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	actor VARCHAR(80) NOT NULL,
	person_id VARCHAR(80),
	for_person_id VARCHAR(80),
	came_from VARCHAR(64) NOT NULL,
	comment VARCHAR(400) NOT NULL,
	CONSTRAINT pk_application_trail PRIMARY KEY (town_id, application_id, seq)
)
""",
    r"""
CREATE FUNCTION application_trail_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'application_trail is append-only' USING ERRCODE = '23000'; END $$
""",
    r"""
CREATE TRIGGER application_trail_guard BEFORE UPDATE OR DELETE ON application_trail FOR EACH ROW EXECUTE FUNCTION application_trail_guard()
""",
    r"""
CREATE TRIGGER application_trail_keep BEFORE TRUNCATE ON application_trail FOR EACH STATEMENT EXECUTE FUNCTION application_trail_guard()
""",
    r"""
CREATE TABLE application_versions (
	town_id VARCHAR(36) NOT NULL,
	application_id VARCHAR(80) NOT NULL,
	version INTEGER NOT NULL,
	body JSONB NOT NULL,
	made_by VARCHAR(80) NOT NULL,
	made_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_application_versions PRIMARY KEY (town_id, application_id, version)
)
""",
    r"""
CREATE FUNCTION application_versions_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'application_versions is append-only' USING ERRCODE = '23000'; END $$
""",
    r"""
CREATE TRIGGER application_versions_guard BEFORE UPDATE OR DELETE ON application_versions FOR EACH ROW EXECUTE FUNCTION application_versions_guard()
""",
    r"""
CREATE TRIGGER application_versions_keep BEFORE TRUNCATE ON application_versions FOR EACH STATEMENT EXECUTE FUNCTION application_versions_guard()
""",
    r"""
CREATE TABLE applications (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	kind VARCHAR(64) NOT NULL,
	body JSONB NOT NULL,
	state VARCHAR(64) NOT NULL,
	version INTEGER NOT NULL,
	steps JSONB NOT NULL,
	step INTEGER NOT NULL,
	department_id VARCHAR(80),
	first DATE NOT NULL,
	last DATE NOT NULL,
	claims JSONB NOT NULL,
	warnings JSONB NOT NULL,
	submitted_at TIMESTAMP WITH TIME ZONE,
	waiting_since TIMESTAMP WITH TIME ZONE,
	decided_at TIMESTAMP WITH TIME ZONE,
	created_by VARCHAR(80) NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_applications PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_applications_person ON applications (town_id, person_id, first)
""",
    r"""
CREATE INDEX ix_applications_state ON applications (town_id, state, last)
""",
    r"""
CREATE TABLE audit_entries (
	town_id VARCHAR(36) NOT NULL,
	seq BIGINT NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	action VARCHAR(64) NOT NULL,
	target_kind VARCHAR(32) NOT NULL,
	target_id VARCHAR(128) NOT NULL,
	came_from VARCHAR(64) NOT NULL,
	actor VARCHAR(80),
	actor_name VARCHAR(100),
	details JSONB,
	salt VARCHAR(32),
	commitment VARCHAR(64) NOT NULL,
	hash VARCHAR(64) NOT NULL,
	CONSTRAINT pk_audit_entries PRIMARY KEY (town_id, seq)
)
""",
    r"""
CREATE INDEX ix_audit_entries_actor ON audit_entries (town_id, actor, seq)
""",
    r"""
CREATE INDEX ix_audit_entries_target ON audit_entries (town_id, target_kind, target_id, seq)
""",
    r"""
CREATE FUNCTION audit_entries_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'UPDATE' AND NEW.town_id IS NOT DISTINCT FROM OLD.town_id AND NEW.seq IS NOT DISTINCT FROM OLD.seq AND NEW.at IS NOT DISTINCT FROM OLD.at AND NEW.action IS NOT DISTINCT FROM OLD.action AND NEW.target_kind IS NOT DISTINCT FROM OLD.target_kind AND NEW.target_id IS NOT DISTINCT FROM OLD.target_id AND NEW.came_from IS NOT DISTINCT FROM OLD.came_from AND NEW.commitment IS NOT DISTINCT FROM OLD.commitment AND NEW.hash IS NOT DISTINCT FROM OLD.hash AND NEW.actor IS NULL AND NEW.actor_name IS NULL AND NEW.details IS NULL AND NEW.salt IS NULL THEN RETURN NEW; END IF; RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = '23000'; END $$
""",
    r"""
CREATE TRIGGER audit_entries_guard BEFORE UPDATE OR DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION audit_entries_guard()
""",
    r"""
CREATE TRIGGER audit_entries_keep BEFORE TRUNCATE ON audit_entries FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_guard()
""",
    r"""
CREATE TABLE battery_changes (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	device_id VARCHAR(80) NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	inferred BOOLEAN NOT NULL,
	by VARCHAR(120),
	chemistry VARCHAR(64),
	note VARCHAR(200) NOT NULL,
	recorded_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_battery_changes PRIMARY KEY (town_id, id),
	CONSTRAINT uq_battery_changes_town_id_device_id_at_inferred UNIQUE (town_id, device_id, at, inferred)
)
""",
    r"""
CREATE TABLE battery_forecasts (
	town_id VARCHAR(36) NOT NULL,
	device_id VARCHAR(80) NOT NULL,
	touched BIGINT NOT NULL,
	as_of TIMESTAMP WITH TIME ZONE,
	since TIMESTAMP WITH TIME ZONE,
	readings INTEGER NOT NULL,
	median TIMESTAMP WITH TIME ZONE,
	earliest TIMESTAMP WITH TIME ZONE,
	latest TIMESTAMP WITH TIME ZONE,
	"left" FLOAT,
	why_not VARCHAR(64),
	course JSONB NOT NULL,
	CONSTRAINT pk_battery_forecasts PRIMARY KEY (town_id, device_id)
)
""",
    r"""
CREATE TABLE battery_profiles (
	town_id VARCHAR(36) NOT NULL,
	device_id VARCHAR(80) NOT NULL,
	chemistry VARCHAR(64) NOT NULL,
	cells INTEGER NOT NULL,
	cutoff_mv INTEGER NOT NULL,
	heartbeat_s INTEGER NOT NULL,
	heard_by VARCHAR(64) NOT NULL,
	CONSTRAINT pk_battery_profiles PRIMARY KEY (town_id, device_id)
)
""",
    r"""
CREATE TABLE battery_readings (
	town_id VARCHAR(36) NOT NULL,
	id BIGINT NOT NULL,
	device_id VARCHAR(80) NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	millivolts INTEGER NOT NULL,
	temperature_dc INTEGER,
	uses BIGINT,
	controller_id VARCHAR(80) NOT NULL,
	trusted BOOLEAN NOT NULL,
	boot VARCHAR(36) NOT NULL,
	mono_ns BIGINT NOT NULL,
	received_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_battery_readings PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_battery_readings_boot ON battery_readings (town_id, controller_id, boot)
""",
    r"""
CREATE INDEX ix_battery_readings_device ON battery_readings (town_id, device_id, at)
""",
    r"""
CREATE TABLE battery_states (
	town_id VARCHAR(36) NOT NULL,
	device_id VARCHAR(80) NOT NULL,
	touched BIGINT NOT NULL,
	at TIMESTAMP WITH TIME ZONE,
	millivolts INTEGER,
	temperature_dc INTEGER,
	uses BIGINT,
	controller_id VARCHAR(80),
	reading_id BIGINT,
	low_since TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_battery_states PRIMARY KEY (town_id, device_id)
)
""",
    r"""
CREATE TABLE booking_requests (
	town_id VARCHAR(36) NOT NULL,
	subject VARCHAR(64) NOT NULL,
	requests INTEGER NOT NULL,
	until TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_booking_requests PRIMARY KEY (town_id, subject)
)
""",
    r"""
CREATE TABLE boot_spans (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	epoch BIGINT NOT NULL,
	boot VARCHAR(36) NOT NULL,
	first_seq BIGINT NOT NULL,
	last_mono_ns BIGINT NOT NULL,
	CONSTRAINT pk_boot_spans PRIMARY KEY (town_id, controller_id, epoch, boot)
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
CREATE TABLE cap_alerts (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	month VARCHAR(7) NOT NULL,
	department_id VARCHAR(80) NOT NULL,
	kind VARCHAR(64) NOT NULL,
	level VARCHAR(64) NOT NULL,
	limit_min INTEGER NOT NULL,
	minutes INTEGER NOT NULL,
	months INTEGER NOT NULL,
	raised_at TIMESTAMP WITH TIME ZONE NOT NULL,
	seen_by VARCHAR(80),
	seen_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_cap_alerts PRIMARY KEY (town_id, id),
	CONSTRAINT uq_cap_alerts_town_id_person_id_month_kind_level_limit__a3f2 UNIQUE (town_id, person_id, month, kind, level, limit_min, months)
)
""",
    r"""
CREATE INDEX ix_cap_alerts_month ON cap_alerts (town_id, month)
""",
    r"""
CREATE TABLE card_key_sets (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	profile VARCHAR(64) NOT NULL,
	application VARCHAR(62) NOT NULL,
	master BYTEA NOT NULL,
	version INTEGER NOT NULL,
	renewed_at TIMESTAMP WITH TIME ZONE,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_card_key_sets PRIMARY KEY (town_id, id),
	CONSTRAINT uq_card_key_sets_town_id_name UNIQUE (town_id, name)
)
""",
    r"""
CREATE TABLE card_offers (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(64) NOT NULL,
	enrolment_id VARCHAR(80) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	sealed VARCHAR(1600) NOT NULL,
	assurance VARCHAR(64) NOT NULL,
	received_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_card_offers PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE TABLE chain_rules (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	position INTEGER NOT NULL,
	kinds JSONB NOT NULL,
	department_id VARCHAR(80),
	employment VARCHAR(40),
	from_min INTEGER,
	steps JSONB NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_chain_rules PRIMARY KEY (town_id, id)
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
	error_ms BIGINT NOT NULL,
	CONSTRAINT pk_clock_anchors PRIMARY KEY (town_id, raw_id)
)
""",
    r"""
CREATE INDEX ix_clock_anchors_boot ON clock_anchors (town_id, controller_id, boot, mono_ns)
""",
    r"""
CREATE TABLE closings (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	department_id VARCHAR(80) NOT NULL,
	month VARCHAR(7) NOT NULL,
	round INTEGER NOT NULL,
	people INTEGER NOT NULL,
	fingerprint VARCHAR(64) NOT NULL,
	ordinance VARCHAR(240) NOT NULL,
	cause VARCHAR(500) NOT NULL,
	overridden JSONB NOT NULL,
	closed_by VARCHAR(80) NOT NULL,
	closed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	reopened_by VARCHAR(80),
	reopened_at TIMESTAMP WITH TIME ZONE,
	reopened_cause VARCHAR(500) NOT NULL,
	CONSTRAINT pk_closings PRIMARY KEY (town_id, id),
	CONSTRAINT uq_closings_town_id_department_id_month_round UNIQUE (town_id, department_id, month, round)
)
""",
    r"""
CREATE INDEX ix_closings_month ON closings (town_id, month)
""",
    r"""
CREATE TABLE controller_losses (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	first_at TIMESTAMP WITH TIME ZONE NOT NULL,
	lost_at TIMESTAMP WITH TIME ZONE NOT NULL,
	times INTEGER NOT NULL,
	cleared_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_controller_losses PRIMARY KEY (town_id, controller_id)
)
""",
    r"""
CREATE TABLE controller_presence (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	online BOOLEAN NOT NULL,
	said_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_controller_presence PRIMARY KEY (town_id, controller_id)
)
""",
    r"""
CREATE TABLE controller_sessions (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	number BIGINT NOT NULL,
	session VARCHAR(32) NOT NULL,
	state VARCHAR(64) NOT NULL,
	boot_id VARCHAR(36) NOT NULL,
	agent VARCHAR(64) NOT NULL,
	epoch BIGINT NOT NULL,
	last_seq BIGINT NOT NULL,
	hub_epoch BIGINT NOT NULL,
	policy_version BIGINT NOT NULL,
	clock_state VARCHAR(16) NOT NULL,
	greeted_at TIMESTAMP WITH TIME ZONE NOT NULL,
	confirmed_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_controller_sessions PRIMARY KEY (town_id, controller_id, number)
)
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
CREATE TABLE csv_imports (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	profile_id VARCHAR(80) NOT NULL,
	file_name VARCHAR(200) NOT NULL,
	sha256 VARCHAR(64) NOT NULL,
	state VARCHAR(64) NOT NULL,
	actor VARCHAR(120) NOT NULL,
	started_at TIMESTAMP WITH TIME ZONE NOT NULL,
	ended_at TIMESTAMP WITH TIME ZONE,
	rows INTEGER NOT NULL,
	counts JSONB NOT NULL,
	wrong JSONB NOT NULL,
	missing JSONB NOT NULL,
	CONSTRAINT pk_csv_imports PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_csv_imports_started ON csv_imports (town_id, started_at)
""",
    r"""
CREATE TABLE csv_profiles (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(64) NOT NULL,
	shape JSONB NOT NULL,
	sites JSONB,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_csv_profiles PRIMARY KEY (town_id, id),
	CONSTRAINT uq_csv_profiles_town_id_name UNIQUE (town_id, name)
)
""",
    r"""
CREATE TABLE departments (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	code VARCHAR(40) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_kana VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	parent_id VARCHAR(80),
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_departments PRIMARY KEY (town_id, id),
	CONSTRAINT fk_departments_town_id_parent_id FOREIGN KEY(town_id, parent_id) REFERENCES departments (town_id, id),
	CONSTRAINT uq_departments_town_id_code UNIQUE (town_id, code)
)
""",
    r"""
CREATE INDEX ix_departments_parent_id ON departments (parent_id)
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
	list_count INTEGER,
	list_placed BOOLEAN NOT NULL,
	list_at TIMESTAMP WITH TIME ZONE,
	heard_at TIMESTAMP WITH TIME ZONE,
	heard_origin JSONB,
	CONSTRAINT pk_device_states PRIMARY KEY (town_id, device_id)
)
""",
    r"""
CREATE TABLE divergences (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	work_date DATE NOT NULL,
	kind VARCHAR(64) NOT NULL,
	minutes INTEGER NOT NULL,
	state VARCHAR(64) NOT NULL,
	stands BOOLEAN NOT NULL,
	settled_min INTEGER NOT NULL,
	reason VARCHAR(500) NOT NULL,
	cause VARCHAR(64) NOT NULL,
	inputs JSONB NOT NULL,
	links JSONB NOT NULL,
	found_at TIMESTAMP WITH TIME ZONE NOT NULL,
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_divergences PRIMARY KEY (town_id, id),
	CONSTRAINT uq_divergences_town_id_person_id_work_date_kind UNIQUE (town_id, person_id, work_date, kind)
)
""",
    r"""
CREATE INDEX ix_divergences_state ON divergences (town_id, state, work_date)
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
	heard_origin JSONB,
	touched_by BIGINT NOT NULL,
	CONSTRAINT pk_door_states PRIMARY KEY (town_id, door_id)
)
""",
    r"""
CREATE INDEX ix_door_states_touched ON door_states (town_id, touched_by)
""",
    r"""
CREATE TABLE duty_mails (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	digest INTEGER NOT NULL,
	address VARCHAR(254) NOT NULL,
	state VARCHAR(64) NOT NULL,
	tries INTEGER NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	next_at TIMESTAMP WITH TIME ZONE NOT NULL,
	first_tried_at TIMESTAMP WITH TIME ZONE,
	lease_until TIMESTAMP WITH TIME ZONE,
	ended_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_duty_mails PRIMARY KEY (town_id, id),
	CONSTRAINT uq_duty_mails_town_id_digest_address UNIQUE (town_id, digest, address)
)
""",
    r"""
CREATE INDEX ix_duty_mails_due ON duty_mails (town_id, state, next_at)
""",
    r"""
CREATE TABLE duty_notes (
	town_id VARCHAR(36) NOT NULL,
	seq BIGINT NOT NULL,
	kind VARCHAR(64) NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	booking_id VARCHAR(80),
	other_id VARCHAR(80),
	digest INTEGER,
	CONSTRAINT pk_duty_notes PRIMARY KEY (town_id, seq)
)
""",
    r"""
CREATE INDEX ix_duty_notes_digest ON duty_notes (town_id, digest)
""",
    r"""
CREATE TABLE emergencies (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	kind VARCHAR(64) NOT NULL,
	site_id VARCHAR(80),
	area VARCHAR(80) NOT NULL,
	shelters_only BOOLEAN NOT NULL,
	reason VARCHAR(200) NOT NULL,
	actor VARCHAR(80) NOT NULL,
	ordered_at TIMESTAMP WITH TIME ZONE NOT NULL,
	ended_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_emergencies PRIMARY KEY (town_id, id)
)
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
	code VARCHAR(32),
	holder_id VARCHAR(80),
	soft VARCHAR(64),
	partner_id VARCHAR(80),
	partner_person_id VARCHAR(80),
	origin_device VARCHAR(80),
	error_ms BIGINT,
	time_error_ms BIGINT,
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
CREATE INDEX ix_entries_soft ON entries (town_id, occurred_at, id) WHERE soft IS NOT NULL
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
CREATE INDEX ix_entries_unsure ON entries (town_id, controller_id, boot) WHERE clock <> 'trusted'
""",
    r"""
CREATE TABLE export_profiles (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(64) NOT NULL,
	profile JSONB NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_export_profiles PRIMARY KEY (town_id, id),
	CONSTRAINT uq_export_profiles_town_id_name UNIQUE (town_id, name)
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
CREATE TABLE happening_readers (
	town_id VARCHAR(36) NOT NULL,
	name VARCHAR(64) NOT NULL,
	through_seq BIGINT NOT NULL,
	CONSTRAINT pk_happening_readers PRIMARY KEY (town_id, name)
)
""",
    r"""
CREATE TABLE happenings (
	town_id VARCHAR(36) NOT NULL,
	seq BIGINT NOT NULL,
	id VARCHAR(80) NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	kind VARCHAR(64) NOT NULL,
	site_id VARCHAR(80),
	booking_id VARCHAR(80),
	credential_id VARCHAR(80),
	door_id VARCHAR(80),
	other_id VARCHAR(80),
	cause VARCHAR(120) NOT NULL,
	details JSONB NOT NULL,
	CONSTRAINT pk_happenings PRIMARY KEY (town_id, seq)
)
""",
    r"""
CREATE INDEX ix_happenings_at ON happenings (town_id, at)
""",
    r"""
CREATE INDEX ix_happenings_booking ON happenings (town_id, booking_id)
""",
    r"""
CREATE TABLE hub_epochs (
	town_id VARCHAR(36) NOT NULL,
	hub_epoch BIGINT NOT NULL,
	opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
	signature VARCHAR(200) NOT NULL,
	CONSTRAINT pk_hub_epochs PRIMARY KEY (town_id, hub_epoch)
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
CREATE TABLE key_box_gaps (
	town_id VARCHAR(36) NOT NULL,
	key_box_id VARCHAR(80) NOT NULL,
	log_epoch BIGINT NOT NULL,
	first_index BIGINT NOT NULL,
	count BIGINT NOT NULL,
	CONSTRAINT pk_key_box_gaps PRIMARY KEY (town_id, key_box_id, log_epoch, first_index)
)
""",
    r"""
CREATE TABLE key_box_states (
	town_id VARCHAR(36) NOT NULL,
	key_box_id VARCHAR(80) NOT NULL,
	last_visit_at TIMESTAMP WITH TIME ZONE,
	collected_by VARCHAR(80) NOT NULL,
	log_epoch BIGINT,
	next_index BIGINT,
	seen_generation INTEGER,
	battery_mv INTEGER,
	battery_dc INTEGER,
	battery_at TIMESTAMP WITH TIME ZONE,
	uses BIGINT,
	clock_set_at TIMESTAMP WITH TIME ZONE,
	clock_offset_ms BIGINT,
	clock_error_ms BIGINT,
	firmware VARCHAR(64) NOT NULL,
	tamper_since TIMESTAMP WITH TIME ZONE,
	jammed_since TIMESTAMP WITH TIME ZONE,
	key_absent_since TIMESTAMP WITH TIME ZONE,
	heard_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_key_box_states PRIMARY KEY (town_id, key_box_id)
)
""",
    r"""
CREATE TABLE key_box_visits (
	town_id VARCHAR(36) NOT NULL,
	key_box_id VARCHAR(80) NOT NULL,
	day INTEGER NOT NULL,
	collected_by VARCHAR(80) NOT NULL,
	first_at TIMESTAMP WITH TIME ZONE NOT NULL,
	last_at TIMESTAMP WITH TIME ZONE NOT NULL,
	received_at TIMESTAMP WITH TIME ZONE NOT NULL,
	records INTEGER NOT NULL,
	clock_offset_ms BIGINT,
	lost BIGINT NOT NULL,
	CONSTRAINT pk_key_box_visits PRIMARY KEY (town_id, key_box_id, day, collected_by)
)
""",
    r"""
CREATE TABLE last_passages (
	town_id VARCHAR(36) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_last_passages PRIMARY KEY (town_id, person_id)
)
""",
    r"""
CREATE TABLE leave_entries (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	leave_kind VARCHAR(40) NOT NULL,
	year INTEGER NOT NULL,
	kind VARCHAR(64) NOT NULL,
	half_days INTEGER NOT NULL,
	minutes INTEGER NOT NULL,
	day DATE NOT NULL,
	source VARCHAR(200) NOT NULL,
	application_id VARCHAR(80),
	reason VARCHAR(400) NOT NULL,
	made_by VARCHAR(80) NOT NULL,
	made_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_leave_entries PRIMARY KEY (town_id, id),
	CONSTRAINT uq_leave_entries_town_id_person_id_leave_kind_source UNIQUE (town_id, person_id, leave_kind, source)
)
""",
    r"""
CREATE INDEX ix_leave_entries_year ON leave_entries (town_id, leave_kind, year)
""",
    r"""
CREATE FUNCTION leave_entries_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'leave_entries is append-only' USING ERRCODE = '23000'; END $$
""",
    r"""
CREATE TRIGGER leave_entries_guard BEFORE UPDATE OR DELETE ON leave_entries FOR EACH ROW EXECUTE FUNCTION leave_entries_guard()
""",
    r"""
CREATE TRIGGER leave_entries_keep BEFORE TRUNCATE ON leave_entries FOR EACH STATEMENT EXECUTE FUNCTION leave_entries_guard()
""",
    r"""
CREATE TABLE line_link_tries (
	town_id VARCHAR(36) NOT NULL,
	subject VARCHAR(64) NOT NULL,
	tries INTEGER NOT NULL,
	until TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_line_link_tries PRIMARY KEY (town_id, subject)
)
""",
    r"""
CREATE TABLE link_alarms (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	alarm VARCHAR(64) NOT NULL,
	channel VARCHAR(32) NOT NULL,
	cause VARCHAR(64) NOT NULL,
	first_at TIMESTAMP WITH TIME ZONE NOT NULL,
	last_at TIMESTAMP WITH TIME ZONE NOT NULL,
	count BIGINT NOT NULL,
	CONSTRAINT pk_link_alarms PRIMARY KEY (town_id, controller_id, alarm, channel, cause, first_at)
)
""",
    r"""
CREATE TABLE link_beats (
	town_id VARCHAR(36) NOT NULL,
	name VARCHAR(16) NOT NULL,
	since TIMESTAMP WITH TIME ZONE NOT NULL,
	beat_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_link_beats PRIMARY KEY (town_id, name)
)
""",
    r"""
CREATE TABLE login_tries (
	town_id VARCHAR(36) NOT NULL,
	subject VARCHAR(64) NOT NULL,
	failures INTEGER NOT NULL,
	last_at TIMESTAMP WITH TIME ZONE NOT NULL,
	wait_until TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_login_tries PRIMARY KEY (town_id, subject)
)
""",
    r"""
CREATE TABLE month_signatures (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	kind VARCHAR(64) NOT NULL,
	subject_id VARCHAR(80) NOT NULL,
	month VARCHAR(7) NOT NULL,
	fingerprint VARCHAR(64) NOT NULL,
	signed_by VARCHAR(80) NOT NULL,
	signed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_month_signatures PRIMARY KEY (town_id, id),
	CONSTRAINT uq_month_signatures_town_id_kind_subject_id_month_fingerprint UNIQUE (town_id, kind, subject_id, month, fingerprint)
)
""",
    r"""
CREATE TABLE notice_rules (
	town_id VARCHAR(36) NOT NULL,
	of_id VARCHAR(80) NOT NULL,
	reminder_h INTEGER,
	pin_in_notice VARCHAR(64),
	closing_ja VARCHAR(300) NOT NULL,
	closing_easy VARCHAR(300) NOT NULL,
	closing_en VARCHAR(300) NOT NULL,
	CONSTRAINT pk_notice_rules PRIMARY KEY (town_id, of_id)
)
""",
    r"""
CREATE TABLE notice_subscriptions (
	town_id VARCHAR(36) NOT NULL,
	address_index VARCHAR(64) NOT NULL,
	channel VARCHAR(64) NOT NULL,
	token_hash VARCHAR(64) NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	stopped_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_notice_subscriptions PRIMARY KEY (town_id, address_index),
	CONSTRAINT uq_notice_subscriptions_town_id_token_hash UNIQUE (town_id, token_hash)
)
""",
    r"""
CREATE TABLE notices (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	booking_id VARCHAR(80) NOT NULL,
	site_id VARCHAR(80) NOT NULL,
	kind VARCHAR(64) NOT NULL,
	cause_seq BIGINT NOT NULL,
	channel VARCHAR(64) NOT NULL,
	state VARCHAR(64) NOT NULL,
	why VARCHAR(64),
	changed JSONB NOT NULL,
	was_starts_at TIMESTAMP WITH TIME ZONE,
	was_ends_at TIMESTAMP WITH TIME ZONE,
	window_start TIMESTAMP WITH TIME ZONE,
	ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
	asked_by VARCHAR(120) NOT NULL,
	address VARCHAR(254) NOT NULL,
	language VARCHAR(64) NOT NULL,
	tries INTEGER NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	next_at TIMESTAMP WITH TIME ZONE NOT NULL,
	first_tried_at TIMESTAMP WITH TIME ZONE,
	lease_until TIMESTAMP WITH TIME ZONE,
	ended_at TIMESTAMP WITH TIME ZONE,
	carried_pin BOOLEAN NOT NULL,
	truth_hash VARCHAR(64) NOT NULL,
	pin_hash VARCHAR(64) NOT NULL,
	sequence INTEGER NOT NULL,
	needs_call BOOLEAN NOT NULL,
	handled_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_notices PRIMARY KEY (town_id, id),
	CONSTRAINT uq_notices_town_id_booking_id_kind_cause_seq_channel UNIQUE (town_id, booking_id, kind, cause_seq, channel)
)
""",
    r"""
CREATE INDEX ix_notices_booking ON notices (town_id, booking_id)
""",
    r"""
CREATE INDEX ix_notices_due ON notices (town_id, state, next_at)
""",
    r"""
CREATE TABLE offline_codes (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	lock_kind VARCHAR(64) NOT NULL,
	lock_id VARCHAR(80) NOT NULL,
	booking_id VARCHAR(80) NOT NULL,
	holder_id VARCHAR(80) NOT NULL,
	profile VARCHAR(32) NOT NULL,
	version BIGINT NOT NULL,
	tag VARCHAR(32) NOT NULL,
	wanted_from TIMESTAMP WITH TIME ZONE NOT NULL,
	wanted_until TIMESTAMP WITH TIME ZONE NOT NULL,
	effective_from TIMESTAMP WITH TIME ZONE NOT NULL,
	effective_until TIMESTAMP WITH TIME ZONE NOT NULL,
	pin_changed BOOLEAN NOT NULL,
	made_at TIMESTAMP WITH TIME ZONE NOT NULL,
	revealed_at TIMESTAMP WITH TIME ZONE,
	superseded_at TIMESTAMP WITH TIME ZONE,
	withdrawn_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_offline_codes PRIMARY KEY (town_id, id),
	CONSTRAINT uq_offline_codes_town_id_lock_id_tag UNIQUE (town_id, lock_id, tag)
)
""",
    r"""
CREATE INDEX ix_offline_codes_booking ON offline_codes (town_id, booking_id)
""",
    r"""
CREATE INDEX ix_offline_codes_lock ON offline_codes (town_id, lock_id, effective_until)
""",
    r"""
CREATE TABLE payroll_handovers (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	actor VARCHAR(120) NOT NULL,
	what VARCHAR(80) NOT NULL,
	month DATE NOT NULL,
	department_id VARCHAR(80),
	people INTEGER NOT NULL,
	bytes BIGINT NOT NULL,
	sha256 VARCHAR(64) NOT NULL,
	draft BOOLEAN NOT NULL,
	CONSTRAINT pk_payroll_handovers PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_payroll_handovers_at ON payroll_handovers (town_id, at)
""",
    r"""
CREATE TABLE people (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_kana VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	staff_number VARCHAR(40),
	organisation VARCHAR(100) NOT NULL,
	state VARCHAR(64) NOT NULL,
	anti_passback_exempt BOOLEAN NOT NULL,
	long_unlock BOOLEAN NOT NULL,
	starts_at TIMESTAMP WITH TIME ZONE,
	ends_at TIMESTAMP WITH TIME ZONE,
	forgiven BIGINT NOT NULL,
	forgiven_at TIMESTAMP WITH TIME ZONE,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_people PRIMARY KEY (town_id, id),
	CONSTRAINT uq_people_town_id_staff_number UNIQUE (town_id, staff_number)
)
""",
    r"""
CREATE TABLE pin_credentials (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	variant VARCHAR(64) NOT NULL,
	booking_id VARCHAR(80),
	holder_id VARCHAR(80),
	person_id VARCHAR(80),
	visit_id VARCHAR(80),
	visitor_id VARCHAR(80),
	escorts JSONB NOT NULL,
	escort_s INTEGER NOT NULL,
	daily BOOLEAN NOT NULL,
	max_uses INTEGER,
	sealed BYTEA NOT NULL,
	digits INTEGER NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	revoked_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_pin_credentials PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_pin_credentials_booking ON pin_credentials (town_id, booking_id)
""",
    r"""
CREATE INDEX ix_pin_credentials_person ON pin_credentials (town_id, person_id)
""",
    r"""
CREATE INDEX ix_pin_credentials_visit ON pin_credentials (town_id, visit_id)
""",
    r"""
CREATE UNIQUE INDEX uq_pin_credentials_holder ON pin_credentials (town_id, holder_id, variant) WHERE variant <> 'standing'
""",
    r"""
CREATE TABLE pin_links (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	booking_id VARCHAR(80) NOT NULL,
	token_hash VARCHAR(64) NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	used_at TIMESTAMP WITH TIME ZONE,
	cookie_hash VARCHAR(64),
	CONSTRAINT pk_pin_links PRIMARY KEY (town_id, id),
	CONSTRAINT uq_pin_links_town_id_token_hash UNIQUE (town_id, token_hash),
	CONSTRAINT uq_pin_links_town_id_cookie_hash UNIQUE (town_id, cookie_hash)
)
""",
    r"""
CREATE INDEX ix_pin_links_booking ON pin_links (town_id, booking_id)
""",
    r"""
CREATE TABLE pin_reservations (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	credential_id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	blind VARCHAR(64) NOT NULL,
	digits INTEGER NOT NULL,
	starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
	ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
	reserved_until TIMESTAMP WITH TIME ZONE NOT NULL,
	retired_at TIMESTAMP WITH TIME ZONE,
	duress BOOLEAN NOT NULL,
	CONSTRAINT pk_pin_reservations PRIMARY KEY (town_id, id),
	CONSTRAINT ex_pin_reservations_once EXCLUDE USING gist (town_id WITH =, door_id WITH =, blind WITH =, tstzrange(starts_at, reserved_until) WITH &&)
)
""",
    r"""
CREATE INDEX ix_pin_reservations_blind ON pin_reservations (town_id, door_id, blind)
""",
    r"""
CREATE INDEX ix_pin_reservations_credential ON pin_reservations (town_id, credential_id)
""",
    r"""
CREATE TABLE placement_history (
	town_id VARCHAR(36) NOT NULL,
	seq BIGINT NOT NULL,
	credential_id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	event VARCHAR(64) NOT NULL,
	state VARCHAR(64) NOT NULL,
	cause VARCHAR(120) NOT NULL,
	CONSTRAINT pk_placement_history PRIMARY KEY (town_id, seq)
)
""",
    r"""
CREATE INDEX ix_placement_history_of ON placement_history (town_id, credential_id, door_id)
""",
    r"""
CREATE TABLE policy_alarms (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	version BIGINT NOT NULL,
	expected VARCHAR(64) NOT NULL,
	reported VARCHAR(64) NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_policy_alarms PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE TABLE policy_changes (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	version BIGINT NOT NULL,
	kind VARCHAR(32) NOT NULL,
	entry_id VARCHAR(128) NOT NULL,
	hash BYTEA,
	CONSTRAINT pk_policy_changes PRIMARY KEY (town_id, controller_id, version, kind, entry_id)
)
""",
    r"""
CREATE TABLE policy_dirty (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(32) NOT NULL,
	kind VARCHAR(64) NOT NULL,
	target VARCHAR(80) NOT NULL,
	CONSTRAINT pk_policy_dirty PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE TABLE policy_entries (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	kind VARCHAR(32) NOT NULL,
	entry_id VARCHAR(128) NOT NULL,
	rev BIGINT NOT NULL,
	data BYTEA NOT NULL,
	hash BYTEA NOT NULL,
	person_id VARCHAR(80),
	pin_id VARCHAR(80),
	expires_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_policy_entries PRIMARY KEY (town_id, controller_id, kind, entry_id)
)
""",
    r"""
CREATE INDEX ix_policy_entries_expires ON policy_entries (town_id, expires_at)
""",
    r"""
CREATE INDEX ix_policy_entries_key ON policy_entries (town_id, kind, entry_id)
""",
    r"""
CREATE INDEX ix_policy_entries_person ON policy_entries (town_id, person_id)
""",
    r"""
CREATE INDEX ix_policy_entries_pin ON policy_entries (town_id, pin_id)
""",
    r"""
CREATE TABLE policy_failures (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	cause VARCHAR(64) NOT NULL,
	raised_at TIMESTAMP WITH TIME ZONE NOT NULL,
	cleared_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_policy_failures PRIMARY KEY (town_id, controller_id)
)
""",
    r"""
CREATE TABLE policy_keys (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	print VARCHAR(64) NOT NULL,
	CONSTRAINT pk_policy_keys PRIMARY KEY (town_id, controller_id)
)
""",
    r"""
CREATE TABLE policy_outbox (
	town_id VARCHAR(36) NOT NULL,
	seq BIGINT NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	channel VARCHAR(64) NOT NULL,
	body BYTEA NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_policy_outbox PRIMARY KEY (town_id, seq)
)
""",
    r"""
CREATE TABLE policy_rejections (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	kind VARCHAR(32) NOT NULL,
	entry_id VARCHAR(128) NOT NULL,
	rev BIGINT NOT NULL,
	reason VARCHAR(32) NOT NULL,
	CONSTRAINT pk_policy_rejections PRIMARY KEY (town_id, controller_id, kind, entry_id)
)
""",
    r"""
CREATE TABLE policy_reports (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	hub_epoch BIGINT NOT NULL,
	version BIGINT NOT NULL,
	digest VARCHAR(64) NOT NULL,
	matches BOOLEAN NOT NULL,
	mismatches INTEGER NOT NULL,
	reported_at TIMESTAMP WITH TIME ZONE NOT NULL,
	confirmed_version BIGINT NOT NULL,
	CONSTRAINT pk_policy_reports PRIMARY KEY (town_id, controller_id)
)
""",
    r"""
CREATE TABLE policy_sweeps (
	town_id VARCHAR(36) NOT NULL,
	name VARCHAR(32) NOT NULL,
	swept_to TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_policy_sweeps PRIMARY KEY (town_id, name)
)
""",
    r"""
CREATE TABLE policy_versions (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	version BIGINT NOT NULL,
	digest VARCHAR(64) NOT NULL,
	made_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_policy_versions PRIMARY KEY (town_id, controller_id, version)
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
CREATE TABLE projection_watermarks (
	town_id VARCHAR(36) NOT NULL,
	name VARCHAR(32) NOT NULL,
	raw_id BIGINT NOT NULL,
	CONSTRAINT pk_projection_watermarks PRIMARY KEY (town_id, name)
)
""",
    r"""
CREATE TABLE punch_corrections (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	seq BIGINT NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	punch_id BIGINT NOT NULL,
	action VARCHAR(64) NOT NULL,
	at TIMESTAMP WITH TIME ZONE,
	direction VARCHAR(64),
	original_at TIMESTAMP WITH TIME ZONE,
	original_direction VARCHAR(64),
	cause VARCHAR(500) NOT NULL,
	asked_by VARCHAR(80) NOT NULL,
	approved_by VARCHAR(80) NOT NULL,
	application_id VARCHAR(80),
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_punch_corrections PRIMARY KEY (town_id, id),
	CONSTRAINT uq_punch_corrections_town_id_seq UNIQUE (town_id, seq)
)
""",
    r"""
CREATE INDEX ix_punch_corrections_at ON punch_corrections (town_id, at)
""",
    r"""
CREATE INDEX ix_punch_corrections_person ON punch_corrections (town_id, person_id, seq)
""",
    r"""
CREATE INDEX ix_punch_corrections_punch ON punch_corrections (town_id, punch_id)
""",
    r"""
CREATE FUNCTION punch_corrections_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF FALSE THEN RETURN NEW; END IF; RAISE EXCEPTION 'what was punched is never changed' USING ERRCODE = '23000'; END $$
""",
    r"""
CREATE TRIGGER punch_corrections_guard BEFORE UPDATE OR DELETE ON punch_corrections FOR EACH ROW EXECUTE FUNCTION punch_corrections_guard()
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
	time_error_ms BIGINT,
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
CREATE FUNCTION punches_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.town_id IS NOT DISTINCT FROM OLD.town_id AND NEW.id IS NOT DISTINCT FROM OLD.id AND NEW.person_id IS NOT DISTINCT FROM OLD.person_id AND NEW.reader_id IS NOT DISTINCT FROM OLD.reader_id AND NEW.door_id IS NOT DISTINCT FROM OLD.door_id AND NEW.credential_id IS NOT DISTINCT FROM OLD.credential_id AND NEW.controller_id IS NOT DISTINCT FROM OLD.controller_id AND NEW.direction IS NOT DISTINCT FROM OLD.direction AND NEW.at IS NOT DISTINCT FROM OLD.at AND NEW.boot IS NOT DISTINCT FROM OLD.boot AND NEW.mono_ns IS NOT DISTINCT FROM OLD.mono_ns AND NEW.received_at IS NOT DISTINCT FROM OLD.received_at THEN RETURN NEW; END IF; RAISE EXCEPTION 'what was punched is never changed' USING ERRCODE = '23000'; END $$
""",
    r"""
CREATE TRIGGER punches_guard BEFORE UPDATE ON punches FOR EACH ROW EXECUTE FUNCTION punches_guard()
""",
    r"""
CREATE TABLE raw_conflicts (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	epoch BIGINT NOT NULL,
	seq BIGINT NOT NULL,
	body_hash BYTEA NOT NULL,
	body BYTEA NOT NULL,
	received_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_raw_conflicts PRIMARY KEY (town_id, controller_id, epoch, seq, body_hash)
)
""",
    r"""
CREATE TABLE raw_events (
	town_id VARCHAR(36) NOT NULL,
	id BIGINT NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	epoch BIGINT NOT NULL,
	seq BIGINT NOT NULL,
	last_seq BIGINT NOT NULL,
	body BYTEA NOT NULL,
	body_hash BYTEA NOT NULL,
	received_at TIMESTAMP WITH TIME ZONE NOT NULL,
	repeated BOOLEAN NOT NULL,
	late BOOLEAN NOT NULL,
	CONSTRAINT pk_raw_events PRIMARY KEY (town_id, id),
	CONSTRAINT uq_raw_events_town_id_controller_id_epoch_seq UNIQUE (town_id, controller_id, epoch, seq)
)
""",
    r"""
CREATE TABLE raw_origins (
	town_id VARCHAR(36) NOT NULL,
	device_id VARCHAR(128) NOT NULL,
	log_epoch BIGINT NOT NULL,
	log_index BIGINT NOT NULL,
	raw_id BIGINT NOT NULL,
	CONSTRAINT pk_raw_origins PRIMARY KEY (town_id, device_id, log_epoch, log_index)
)
""",
    r"""
CREATE TABLE raw_passed (
	town_id VARCHAR(36) NOT NULL,
	id BIGINT NOT NULL,
	raw_id BIGINT NOT NULL,
	CONSTRAINT pk_raw_passed PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_raw_passed_raw ON raw_passed (town_id, raw_id)
""",
    r"""
CREATE TABLE raw_watermarks (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	epoch BIGINT NOT NULL,
	through_seq BIGINT NOT NULL,
	highest_seq BIGINT NOT NULL,
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_raw_watermarks PRIMARY KEY (town_id, controller_id, epoch)
)
""",
    r"""
CREATE TABLE readiness_doors (
	town_id VARCHAR(36) NOT NULL,
	booking_id VARCHAR(80) NOT NULL,
	starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
	ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
	lock_id VARCHAR(80) NOT NULL,
	can_confirm BOOLEAN NOT NULL,
	met_at TIMESTAMP WITH TIME ZONE,
	missed BOOLEAN NOT NULL,
	wrong JSONB NOT NULL,
	CONSTRAINT pk_readiness_doors PRIMARY KEY (town_id, booking_id, starts_at, ends_at, lock_id)
)
""",
    r"""
CREATE INDEX ix_readiness_doors_lock ON readiness_doors (town_id, lock_id)
""",
    r"""
CREATE TABLE readiness_latencies (
	town_id VARCHAR(36) NOT NULL,
	seq BIGINT NOT NULL,
	kind VARCHAR(64) NOT NULL,
	credential_id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	site_id VARCHAR(80) NOT NULL,
	began_at TIMESTAMP WITH TIME ZONE NOT NULL,
	done_at TIMESTAMP WITH TIME ZONE NOT NULL,
	connected BOOLEAN NOT NULL,
	CONSTRAINT pk_readiness_latencies PRIMARY KEY (town_id, seq)
)
""",
    r"""
CREATE INDEX ix_readiness_latencies_done ON readiness_latencies (town_id, done_at)
""",
    r"""
CREATE TABLE readiness_rules (
	town_id VARCHAR(36) NOT NULL,
	kind VARCHAR(64) NOT NULL,
	target VARCHAR(80) NOT NULL,
	lead_min INTEGER NOT NULL,
	grace_min INTEGER NOT NULL,
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_readiness_rules PRIMARY KEY (town_id, kind, target)
)
""",
    r"""
CREATE TABLE readiness_watches (
	town_id VARCHAR(36) NOT NULL,
	booking_id VARCHAR(80) NOT NULL,
	starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
	ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
	site_id VARCHAR(80) NOT NULL,
	facility_id VARCHAR(80),
	revision VARCHAR(64) NOT NULL,
	since TIMESTAMP WITH TIME ZONE NOT NULL,
	deadline TIMESTAMP WITH TIME ZONE NOT NULL,
	outcome VARCHAR(64) NOT NULL,
	judged BOOLEAN NOT NULL,
	ready_at TIMESTAMP WITH TIME ZONE,
	told_revision VARCHAR(64) NOT NULL,
	late_at TIMESTAMP WITH TIME ZONE,
	late_door_id VARCHAR(80),
	late_controller_id VARCHAR(80),
	step INTEGER NOT NULL,
	stepped_at TIMESTAMP WITH TIME ZONE,
	closed_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_readiness_watches PRIMARY KEY (town_id, booking_id, starts_at, ends_at)
)
""",
    r"""
CREATE INDEX ix_readiness_watches_deadline ON readiness_watches (town_id, deadline)
""",
    r"""
CREATE INDEX ix_readiness_watches_late ON readiness_watches (town_id, late_at)
""",
    r"""
CREATE INDEX ix_readiness_watches_open ON readiness_watches (town_id, closed_at)
""",
    r"""
CREATE TABLE refused_punches (
	town_id VARCHAR(36) NOT NULL,
	id BIGINT NOT NULL,
	person_id VARCHAR(80),
	reader_id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80),
	credential_id VARCHAR(80),
	controller_id VARCHAR(80) NOT NULL,
	reason VARCHAR(64) NOT NULL,
	assurance VARCHAR(64),
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	corrected_at TIMESTAMP WITH TIME ZONE NOT NULL,
	trusted BOOLEAN NOT NULL,
	time_error_ms BIGINT,
	boot VARCHAR(36) NOT NULL,
	mono_ns BIGINT NOT NULL,
	received_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_refused_punches PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_refused_punches_time ON refused_punches (town_id, corrected_at, id)
""",
    r"""
CREATE TABLE reminder_digests (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	day DATE NOT NULL,
	state VARCHAR(64) NOT NULL,
	tries INTEGER NOT NULL,
	next_at TIMESTAMP WITH TIME ZONE NOT NULL,
	lease_until TIMESTAMP WITH TIME ZONE,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	ended_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_reminder_digests PRIMARY KEY (town_id, id),
	CONSTRAINT uq_reminder_digests_town_id_person_id_day UNIQUE (town_id, person_id, day)
)
""",
    r"""
CREATE TABLE restores (
	town_id VARCHAR(36) NOT NULL,
	hub_epoch BIGINT NOT NULL,
	taken_at TIMESTAMP WITH TIME ZONE,
	restored_at TIMESTAMP WITH TIME ZONE NOT NULL,
	released_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_restores PRIMARY KEY (town_id, hub_epoch)
)
""",
    r"""
CREATE TABLE roster_day_changes (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	work_date DATE NOT NULL,
	code_id VARCHAR(80),
	released BOOLEAN NOT NULL,
	cause VARCHAR(400) NOT NULL,
	changed_by VARCHAR(80) NOT NULL,
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_roster_day_changes PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_roster_day_changes_person ON roster_day_changes (town_id, person_id, work_date)
""",
    r"""
CREATE TABLE rosters (
	town_id VARCHAR(36) NOT NULL,
	department_id VARCHAR(80) NOT NULL,
	starts_on DATE NOT NULL,
	published_at TIMESTAMP WITH TIME ZONE,
	published_by VARCHAR(80),
	CONSTRAINT pk_rosters PRIMARY KEY (town_id, department_id, starts_on)
)
""",
    r"""
CREATE TABLE session_prints (
	town_id VARCHAR(36) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	print VARCHAR(16) NOT NULL,
	greeted_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_session_prints PRIMARY KEY (town_id, controller_id, print)
)
""",
    r"""
CREATE INDEX ix_session_prints_greeted_at ON session_prints (town_id, controller_id, greeted_at)
""",
    r"""
CREATE TABLE shift_codes (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	code VARCHAR(8) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	stretches JSONB NOT NULL,
	breaks JSONB NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	retired BOOLEAN NOT NULL,
	CONSTRAINT pk_shift_codes PRIMARY KEY (town_id, id),
	CONSTRAINT uq_shift_codes_town_id_code UNIQUE (town_id, code)
)
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
	area VARCHAR(80) NOT NULL,
	latitude FLOAT,
	longitude FLOAT,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_sites PRIMARY KEY (town_id, id),
	CONSTRAINT uq_sites_town_id_name UNIQUE (town_id, name)
)
""",
    r"""
CREATE TABLE special_works (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	month VARCHAR(7) NOT NULL,
	fiscal_year INTEGER NOT NULL,
	department_id VARCHAR(80) NOT NULL,
	kinds JSONB NOT NULL,
	minutes INTEGER NOT NULL,
	cause VARCHAR(1000) NOT NULL,
	recorded_by VARCHAR(80) NOT NULL,
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
	analysis VARCHAR(2000) NOT NULL,
	analysed_by VARCHAR(80),
	analysed_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_special_works PRIMARY KEY (town_id, id),
	CONSTRAINT uq_special_works_town_id_person_id_month UNIQUE (town_id, person_id, month)
)
""",
    r"""
CREATE TABLE staff_imports (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	profile_id VARCHAR(80) NOT NULL,
	file_name VARCHAR(200) NOT NULL,
	sha256 VARCHAR(64) NOT NULL,
	effective_on DATE NOT NULL,
	state VARCHAR(64) NOT NULL,
	actor VARCHAR(120) NOT NULL,
	tried_at TIMESTAMP WITH TIME ZONE NOT NULL,
	done_at TIMESTAMP WITH TIME ZONE,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	rows INTEGER NOT NULL,
	counts JSONB NOT NULL,
	CONSTRAINT pk_staff_imports PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_staff_imports_tried ON staff_imports (town_id, tried_at)
""",
    r"""
CREATE TABLE staff_profiles (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(64) NOT NULL,
	shape JSONB NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_staff_profiles PRIMARY KEY (town_id, id),
	CONSTRAINT uq_staff_profiles_town_id_name UNIQUE (town_id, name)
)
""",
    r"""
CREATE TABLE staged_files (
	town_id VARCHAR(36) NOT NULL,
	purpose VARCHAR(20) NOT NULL,
	owner_id VARCHAR(80) NOT NULL,
	key VARCHAR(80) NOT NULL,
	file_name VARCHAR(200) NOT NULL,
	sha256 VARCHAR(64) NOT NULL,
	plan_digest VARCHAR(64) NOT NULL,
	data BYTEA NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_staged_files PRIMARY KEY (town_id, purpose, owner_id, key)
)
""",
    r"""
CREATE INDEX ix_staged_files_expires ON staged_files (town_id, expires_at)
""",
    r"""
CREATE TABLE swept_days (
	town_id VARCHAR(36) NOT NULL,
	name VARCHAR(40) NOT NULL,
	through_on DATE NOT NULL,
	CONSTRAINT pk_swept_days PRIMARY KEY (town_id, name)
)
""",
    r"""
CREATE TABLE timesheet_months (
	town_id VARCHAR(36) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	month INTEGER NOT NULL,
	file TEXT NOT NULL,
	result TEXT NOT NULL,
	fingerprint VARCHAR(64) NOT NULL,
	rules VARCHAR(64) NOT NULL,
	stale BOOLEAN NOT NULL,
	partial BOOLEAN NOT NULL,
	good_until TIMESTAMP WITH TIME ZONE,
	tail JSONB NOT NULL,
	cap_type VARCHAR(64),
	cap_month_min INTEGER,
	cap_average_min INTEGER,
	reckoned_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_timesheet_months PRIMARY KEY (town_id, person_id, month)
)
""",
    r"""
CREATE INDEX ix_timesheet_months_month ON timesheet_months (town_id, month)
""",
    r"""
CREATE INDEX ix_timesheet_months_stale ON timesheet_months (town_id, stale)
""",
    r"""
CREATE TABLE touched_days (
	town_id VARCHAR(36) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	work_date DATE NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_touched_days PRIMARY KEY (town_id, person_id, work_date)
)
""",
    r"""
CREATE TABLE touched_spans (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	first_on DATE NOT NULL,
	last_on DATE NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_touched_spans PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE INDEX ix_touched_spans_at ON touched_spans (town_id, at, id)
""",
    r"""
CREATE TABLE webhook_alarms (
	town_id VARCHAR(36) NOT NULL,
	id BIGINT NOT NULL,
	kind VARCHAR(64) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80),
	device_id VARCHAR(80),
	raised_at TIMESTAMP WITH TIME ZONE NOT NULL,
	"over" BOOLEAN NOT NULL,
	CONSTRAINT pk_webhook_alarms PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE TABLE webhook_endpoints (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	url VARCHAR(500) NOT NULL,
	description VARCHAR(200) NOT NULL,
	kinds JSONB NOT NULL,
	sites JSONB,
	insecure BOOLEAN NOT NULL,
	include_contact BOOLEAN NOT NULL,
	state VARCHAR(64) NOT NULL,
	failures INTEGER NOT NULL,
	secret BYTEA NOT NULL,
	previous_secret BYTEA,
	previous_until TIMESTAMP WITH TIME ZONE,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	last_success_at TIMESTAMP WITH TIME ZONE,
	last_failure_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_webhook_endpoints PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE TABLE webhook_marks (
	town_id VARCHAR(36) NOT NULL,
	name VARCHAR(32) NOT NULL,
	through BIGINT NOT NULL,
	CONSTRAINT pk_webhook_marks PRIMARY KEY (town_id, name)
)
""",
    r"""
CREATE TABLE webhook_sources (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	sites JSONB,
	profile JSONB NOT NULL,
	state VARCHAR(64) NOT NULL,
	secret BYTEA NOT NULL,
	previous_secret BYTEA,
	previous_until TIMESTAMP WITH TIME ZONE,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_webhook_sources PRIMARY KEY (town_id, id)
)
""",
    r"""
CREATE TABLE whereabouts (
	town_id VARCHAR(36) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	zone_id VARCHAR(80) NOT NULL,
	depth INTEGER NOT NULL,
	since TIMESTAMP WITH TIME ZONE NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	CONSTRAINT pk_whereabouts PRIMARY KEY (town_id, person_id, zone_id)
)
""",
    r"""
CREATE INDEX ix_whereabouts_zone ON whereabouts (town_id, zone_id, since)
""",
    r"""
CREATE TABLE work_patterns (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	kind VARCHAR(64) NOT NULL,
	anchor DATE NOT NULL,
	codes JSONB NOT NULL,
	rostered BOOLEAN NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	retired BOOLEAN NOT NULL,
	CONSTRAINT pk_work_patterns PRIMARY KEY (town_id, id),
	CONSTRAINT uq_work_patterns_town_id_name UNIQUE (town_id, name)
)
""",
    r"""
CREATE TABLE zone_beginnings (
	town_id VARCHAR(36) NOT NULL,
	zone_id VARCHAR(80) NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_zone_beginnings PRIMARY KEY (town_id, zone_id)
)
""",
    r"""
CREATE TABLE card_enrolments (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	reader_id VARCHAR(80) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80),
	label VARCHAR(100) NOT NULL,
	valid_until TIMESTAMP WITH TIME ZONE,
	replaces_id VARCHAR(80),
	state VARCHAR(64) NOT NULL,
	public_key VARCHAR(100) NOT NULL,
	private_key BYTEA,
	started_at TIMESTAMP WITH TIME ZONE NOT NULL,
	until TIMESTAMP WITH TIME ZONE NOT NULL,
	ended_at TIMESTAMP WITH TIME ZONE,
	actor_kind VARCHAR(16) NOT NULL,
	actor_id VARCHAR(80) NOT NULL,
	actor_name VARCHAR(100) NOT NULL,
	card_id VARCHAR(80),
	refusal VARCHAR(64) NOT NULL,
	refused_card_id VARCHAR(80),
	first_index VARCHAR(64) NOT NULL,
	first_read BYTEA,
	candidates VARCHAR(200) NOT NULL,
	key_set_id VARCHAR(80),
	profile VARCHAR(128),
	shared_key BYTEA,
	CONSTRAINT pk_card_enrolments PRIMARY KEY (town_id, id),
	CONSTRAINT fk_card_enrolments_town_id_person_id FOREIGN KEY(town_id, person_id) REFERENCES people (town_id, id),
	CONSTRAINT fk_card_enrolments_town_id_key_set_id FOREIGN KEY(town_id, key_set_id) REFERENCES card_key_sets (town_id, id)
)
""",
    r"""
CREATE INDEX ix_card_enrolments_controller_id ON card_enrolments (controller_id)
""",
    r"""
CREATE INDEX ix_card_enrolments_reader_id ON card_enrolments (reader_id)
""",
    r"""
CREATE INDEX ix_card_enrolments_state ON card_enrolments (state)
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
	valid_until TIMESTAMP WITH TIME ZONE,
	replaces_id VARCHAR(80),
	assurance VARCHAR(64),
	reader_id VARCHAR(80),
	key_set_id VARCHAR(80),
	key_version INTEGER,
	shared_key BYTEA,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_cards PRIMARY KEY (town_id, id),
	CONSTRAINT fk_cards_town_id_person_id FOREIGN KEY(town_id, person_id) REFERENCES people (town_id, id),
	CONSTRAINT fk_cards_town_id_key_set_id FOREIGN KEY(town_id, key_set_id) REFERENCES card_key_sets (town_id, id),
	CONSTRAINT uq_cards_town_id_identity_index UNIQUE (town_id, identity_index)
)
""",
    r"""
CREATE INDEX ix_cards_key_set_id ON cards (key_set_id)
""",
    r"""
CREATE INDEX ix_cards_person_id ON cards (person_id)
""",
    r"""
CREATE TABLE closed_months (
	town_id VARCHAR(36) NOT NULL,
	closing_id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	month VARCHAR(7) NOT NULL,
	department_id VARCHAR(80) NOT NULL,
	result TEXT,
	file TEXT,
	fingerprint VARCHAR(64) NOT NULL,
	inputs JSONB NOT NULL,
	in_force BOOLEAN,
	CONSTRAINT pk_closed_months PRIMARY KEY (town_id, closing_id, person_id),
	CONSTRAINT fk_closed_months_town_id_closing_id FOREIGN KEY(town_id, closing_id) REFERENCES closings (town_id, id),
	CONSTRAINT uq_closed_months_town_id_person_id_month_in_force UNIQUE (town_id, person_id, month, in_force)
)
""",
    r"""
CREATE INDEX ix_closed_months_month ON closed_months (town_id, month)
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
CREATE TABLE csv_lines (
	town_id VARCHAR(36) NOT NULL,
	profile_id VARCHAR(80) NOT NULL,
	reservation_key VARCHAR(128) NOT NULL,
	digest VARCHAR(64) NOT NULL,
	seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_csv_lines PRIMARY KEY (town_id, profile_id, reservation_key),
	CONSTRAINT fk_csv_lines_town_id_profile_id FOREIGN KEY(town_id, profile_id) REFERENCES csv_profiles (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE TABLE delegations (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	from_person_id VARCHAR(80) NOT NULL,
	to_person_id VARCHAR(80) NOT NULL,
	kinds JSONB NOT NULL,
	starts_on DATE NOT NULL,
	ends_on DATE NOT NULL,
	revoked_at TIMESTAMP WITH TIME ZONE,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_delegations PRIMARY KEY (town_id, id),
	CONSTRAINT fk_delegations_town_id_from_person_id FOREIGN KEY(town_id, from_person_id) REFERENCES people (town_id, id),
	CONSTRAINT fk_delegations_town_id_to_person_id FOREIGN KEY(town_id, to_person_id) REFERENCES people (town_id, id)
)
""",
    r"""
CREATE INDEX ix_delegations_from_person_id ON delegations (from_person_id)
""",
    r"""
CREATE INDEX ix_delegations_to_person_id ON delegations (to_person_id)
""",
    r"""
CREATE TABLE department_terms (
	town_id VARCHAR(36) NOT NULL,
	department_id VARCHAR(80) NOT NULL,
	starts_on DATE NOT NULL,
	cap_type VARCHAR(64) NOT NULL,
	article_36 BOOLEAN NOT NULL,
	CONSTRAINT pk_department_terms PRIMARY KEY (town_id, department_id, starts_on),
	CONSTRAINT fk_department_terms_town_id_department_id FOREIGN KEY(town_id, department_id) REFERENCES departments (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE TABLE divergence_steps (
	town_id VARCHAR(36) NOT NULL,
	divergence_id VARCHAR(80) NOT NULL,
	number INTEGER NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	actor VARCHAR(80) NOT NULL,
	act VARCHAR(64),
	state VARCHAR(64) NOT NULL,
	minutes INTEGER NOT NULL,
	note VARCHAR(500) NOT NULL,
	links JSONB NOT NULL,
	CONSTRAINT pk_divergence_steps PRIMARY KEY (town_id, divergence_id, number),
	CONSTRAINT fk_divergence_steps_town_id_divergence_id FOREIGN KEY(town_id, divergence_id) REFERENCES divergences (town_id, id)
)
""",
    r"""
CREATE TABLE employments (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	starts_on DATE NOT NULL,
	ends_on DATE,
	department_id VARCHAR(80) NOT NULL,
	kind VARCHAR(40) NOT NULL,
	post VARCHAR(100) NOT NULL,
	heads BOOLEAN NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_employments PRIMARY KEY (town_id, id),
	CONSTRAINT fk_employments_town_id_person_id FOREIGN KEY(town_id, person_id) REFERENCES people (town_id, id),
	CONSTRAINT fk_employments_town_id_department_id FOREIGN KEY(town_id, department_id) REFERENCES departments (town_id, id),
	CONSTRAINT ck_employments_in_order CHECK (ends_on IS NULL OR starts_on <= ends_on),
	CONSTRAINT ex_employments_once EXCLUDE USING gist (town_id WITH =, person_id WITH =, daterange(starts_on, ends_on, '[]') WITH &&)
)
""",
    r"""
CREATE INDEX ix_employments_department_id ON employments (department_id)
""",
    r"""
CREATE INDEX ix_employments_ends ON employments (town_id, ends_on)
""",
    r"""
CREATE INDEX ix_employments_person ON employments (town_id, person_id, starts_on)
""",
    r"""
CREATE TABLE facilities (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	site_id VARCHAR(80) NOT NULL,
	name_ja VARCHAR(120) NOT NULL,
	name_easy VARCHAR(120) NOT NULL,
	name_en VARCHAR(120) NOT NULL,
	phone VARCHAR(40) NOT NULL,
	approval VARCHAR(64) NOT NULL,
	payment VARCHAR(64) NOT NULL,
	handover VARCHAR(64) NOT NULL,
	timezone VARCHAR(64) NOT NULL,
	holders_max INTEGER NOT NULL,
	steps JSONB NOT NULL,
	calendar_id VARCHAR(80),
	margin_before_min INTEGER NOT NULL,
	margin_after_min INTEGER NOT NULL,
	slot_min INTEGER NOT NULL,
	longest_min INTEGER NOT NULL,
	ahead_days INTEGER NOT NULL,
	opening JSONB NOT NULL,
	duress BOOLEAN DEFAULT false NOT NULL,
	active BOOLEAN NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_facilities PRIMARY KEY (town_id, id),
	CONSTRAINT fk_facilities_town_id_site_id FOREIGN KEY(town_id, site_id) REFERENCES sites (town_id, id)
)
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
CREATE TABLE key_boxes (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	site_id VARCHAR(80) NOT NULL,
	state VARCHAR(64) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_en VARCHAR(100) NOT NULL,
	name_kana VARCHAR(100) NOT NULL,
	profile VARCHAR(32) NOT NULL,
	place VARCHAR(200) NOT NULL,
	closing VARCHAR(200) NOT NULL,
	key_holder VARCHAR(200) NOT NULL,
	visit_every_days INTEGER NOT NULL,
	generation INTEGER NOT NULL,
	device_version BIGINT NOT NULL,
	code_version BIGINT NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_key_boxes PRIMARY KEY (town_id, id),
	CONSTRAINT fk_key_boxes_town_id_site_id FOREIGN KEY(town_id, site_id) REFERENCES sites (town_id, id),
	CONSTRAINT uq_key_boxes_town_id_site_id_name UNIQUE (town_id, site_id, name)
)
""",
    r"""
CREATE TABLE month_adjustments (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	seq BIGINT NOT NULL,
	closing_id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	month VARCHAR(7) NOT NULL,
	department_id VARCHAR(80) NOT NULL,
	causes JSONB NOT NULL,
	figures JSONB NOT NULL,
	added JSONB NOT NULL,
	removed JSONB NOT NULL,
	days JSONB NOT NULL,
	state VARCHAR(64) NOT NULL,
	found_at TIMESTAMP WITH TIME ZONE NOT NULL,
	signed_by VARCHAR(80),
	signed_at TIMESTAMP WITH TIME ZONE,
	remark VARCHAR(500) NOT NULL,
	carried_into VARCHAR(7),
	carried_by VARCHAR(80),
	CONSTRAINT pk_month_adjustments PRIMARY KEY (town_id, id),
	CONSTRAINT uq_month_adjustments_town_id_seq UNIQUE (town_id, seq),
	CONSTRAINT fk_month_adjustments_town_id_closing_id FOREIGN KEY(town_id, closing_id) REFERENCES closings (town_id, id)
)
""",
    r"""
CREATE INDEX ix_month_adjustments_person ON month_adjustments (town_id, person_id, month)
""",
    r"""
CREATE INDEX ix_month_adjustments_state ON month_adjustments (town_id, state)
""",
    r"""
CREATE TABLE notice_attempts (
	town_id VARCHAR(36) NOT NULL,
	notice_id VARCHAR(80) NOT NULL,
	number INTEGER NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	outcome VARCHAR(64) NOT NULL,
	code VARCHAR(40) NOT NULL,
	CONSTRAINT pk_notice_attempts PRIMARY KEY (town_id, notice_id, number),
	CONSTRAINT fk_notice_attempts_town_id_notice_id FOREIGN KEY(town_id, notice_id) REFERENCES notices (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE TABLE pattern_assignments (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	subject_kind VARCHAR(64) NOT NULL,
	subject_id VARCHAR(80) NOT NULL,
	pattern_id VARCHAR(80) NOT NULL,
	starts_on DATE NOT NULL,
	ends_on DATE,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_pattern_assignments PRIMARY KEY (town_id, id),
	CONSTRAINT fk_pattern_assignments_town_id_pattern_id FOREIGN KEY(town_id, pattern_id) REFERENCES work_patterns (town_id, id),
	CONSTRAINT uq_pattern_assignments_town_id_subject_kind_subject_id__65ca UNIQUE (town_id, subject_kind, subject_id, starts_on),
	CONSTRAINT ck_pattern_assignments_span CHECK (ends_on IS NULL OR ends_on >= starts_on)
)
""",
    r"""
CREATE TABLE roster_days (
	town_id VARCHAR(36) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	work_date DATE NOT NULL,
	code_id VARCHAR(80),
	CONSTRAINT pk_roster_days PRIMARY KEY (town_id, person_id, work_date),
	CONSTRAINT fk_roster_days_town_id_code_id FOREIGN KEY(town_id, code_id) REFERENCES shift_codes (town_id, id)
)
""",
    r"""
CREATE INDEX ix_roster_days_date ON roster_days (town_id, work_date)
""",
    r"""
CREATE TABLE roster_drafts (
	town_id VARCHAR(36) NOT NULL,
	department_id VARCHAR(80) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	work_date DATE NOT NULL,
	code_id VARCHAR(80),
	CONSTRAINT pk_roster_drafts PRIMARY KEY (town_id, department_id, person_id, work_date),
	CONSTRAINT fk_roster_drafts_town_id_code_id FOREIGN KEY(town_id, code_id) REFERENCES shift_codes (town_id, id)
)
""",
    r"""
CREATE INDEX ix_roster_drafts_date ON roster_drafts (town_id, work_date)
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
CREATE TABLE special_work_texts (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	special_work_id VARCHAR(80) NOT NULL,
	field VARCHAR(10) NOT NULL,
	text VARCHAR(2000) NOT NULL,
	written_by VARCHAR(80) NOT NULL,
	replaced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_special_work_texts PRIMARY KEY (town_id, id),
	CONSTRAINT fk_special_work_texts_town_id_special_work_id FOREIGN KEY(town_id, special_work_id) REFERENCES special_works (town_id, id)
)
""",
    r"""
CREATE TABLE staff_contacts (
	town_id VARCHAR(36) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	mail VARCHAR(254),
	language VARCHAR(64) NOT NULL,
	CONSTRAINT pk_staff_contacts PRIMARY KEY (town_id, person_id),
	CONSTRAINT fk_staff_contacts_town_id_person_id FOREIGN KEY(town_id, person_id) REFERENCES people (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE TABLE staff_departures (
	town_id VARCHAR(36) NOT NULL,
	person_id VARCHAR(80) NOT NULL,
	left_on DATE NOT NULL,
	blocked BOOLEAN NOT NULL,
	seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_staff_departures PRIMARY KEY (town_id, person_id, left_on),
	CONSTRAINT fk_staff_departures_town_id_person_id FOREIGN KEY(town_id, person_id) REFERENCES people (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE TABLE users (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	login VARCHAR(100) NOT NULL,
	name VARCHAR(100) NOT NULL,
	password_hash VARCHAR(200) NOT NULL,
	role VARCHAR(64) NOT NULL,
	sites JSONB,
	person_id VARCHAR(80),
	state VARCHAR(64) NOT NULL,
	last_login_at TIMESTAMP WITH TIME ZONE,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_users PRIMARY KEY (town_id, id),
	CONSTRAINT fk_users_town_id_person_id FOREIGN KEY(town_id, person_id) REFERENCES people (town_id, id),
	CONSTRAINT uq_users_town_id_login UNIQUE (town_id, login)
)
""",
    r"""
CREATE TABLE visits (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	site_id VARCHAR(80) NOT NULL,
	state VARCHAR(64) NOT NULL,
	organisation VARCHAR(100) NOT NULL,
	host_id VARCHAR(80),
	purpose VARCHAR(200) NOT NULL,
	starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
	ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
	daily BOOLEAN NOT NULL,
	doors JSONB NOT NULL,
	zones JSONB NOT NULL,
	escort_required BOOLEAN NOT NULL,
	escort_s INTEGER NOT NULL,
	escorts JSONB NOT NULL,
	note VARCHAR(500) NOT NULL,
	forgotten_at TIMESTAMP WITH TIME ZONE,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_visits PRIMARY KEY (town_id, id),
	CONSTRAINT fk_visits_town_id_site_id FOREIGN KEY(town_id, site_id) REFERENCES sites (town_id, id),
	CONSTRAINT fk_visits_town_id_host_id FOREIGN KEY(town_id, host_id) REFERENCES people (town_id, id),
	CONSTRAINT ck_visits_window CHECK (starts_at < ends_at)
)
""",
    r"""
CREATE INDEX ix_visits_end ON visits (town_id, ends_at)
""",
    r"""
CREATE INDEX ix_visits_host_id ON visits (host_id)
""",
    r"""
CREATE INDEX ix_visits_site_id ON visits (site_id)
""",
    r"""
CREATE INDEX ix_visits_start ON visits (town_id, starts_at)
""",
    r"""
CREATE TABLE webhook_deliveries (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	endpoint_id VARCHAR(80) NOT NULL,
	message_id VARCHAR(80) NOT NULL,
	kind VARCHAR(64) NOT NULL,
	seq BIGINT NOT NULL,
	payload TEXT NOT NULL,
	state VARCHAR(64) NOT NULL,
	attempts INTEGER NOT NULL,
	tries INTEGER NOT NULL,
	next_at TIMESTAMP WITH TIME ZONE NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	settled_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_webhook_deliveries PRIMARY KEY (town_id, id),
	CONSTRAINT uq_webhook_deliveries_town_id_endpoint_id_message_id UNIQUE (town_id, endpoint_id, message_id),
	CONSTRAINT fk_webhook_deliveries_town_id_endpoint_id FOREIGN KEY(town_id, endpoint_id) REFERENCES webhook_endpoints (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE INDEX ix_webhook_deliveries_created ON webhook_deliveries (town_id, created_at)
""",
    r"""
CREATE INDEX ix_webhook_deliveries_due ON webhook_deliveries (town_id, endpoint_id, next_at) WHERE state = 'pending'
""",
    r"""
CREATE TABLE webhook_received (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	source_id VARCHAR(80) NOT NULL,
	message_id VARCHAR(128) NOT NULL,
	body_hash VARCHAR(64) NOT NULL,
	received_at TIMESTAMP WITH TIME ZONE NOT NULL,
	result VARCHAR(64) NOT NULL,
	reservation_key VARCHAR(128),
	booking_id VARCHAR(80),
	code VARCHAR(64) NOT NULL,
	field VARCHAR(200) NOT NULL,
	times INTEGER NOT NULL,
	CONSTRAINT pk_webhook_received PRIMARY KEY (town_id, id),
	CONSTRAINT uq_webhook_received_town_id_source_id_message_id UNIQUE (town_id, source_id, message_id),
	CONSTRAINT fk_webhook_received_town_id_source_id FOREIGN KEY(town_id, source_id) REFERENCES webhook_sources (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE INDEX ix_webhook_received_at ON webhook_received (town_id, source_id, received_at)
""",
    r"""
CREATE TABLE webhook_stamps (
	town_id VARCHAR(36) NOT NULL,
	source_id VARCHAR(80) NOT NULL,
	reservation_key VARCHAR(128) NOT NULL,
	about VARCHAR(64) NOT NULL,
	stamp BIGINT NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_webhook_stamps PRIMARY KEY (town_id, source_id, reservation_key, about),
	CONSTRAINT fk_webhook_stamps_town_id_source_id FOREIGN KEY(town_id, source_id) REFERENCES webhook_sources (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE INDEX ix_webhook_stamps_at ON webhook_stamps (town_id, at)
""",
    r"""
CREATE TABLE working_calendars (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	calendar_id VARCHAR(80) NOT NULL,
	CONSTRAINT pk_working_calendars PRIMARY KEY (town_id, id),
	CONSTRAINT fk_working_calendars_town_id_calendar_id FOREIGN KEY(town_id, calendar_id) REFERENCES calendars (town_id, id)
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
	soft BOOLEAN NOT NULL,
	forget_after_s INTEGER,
	reset_min INTEGER,
	tz VARCHAR(64) NOT NULL,
	forgiven BIGINT NOT NULL,
	forgiven_at TIMESTAMP WITH TIME ZONE,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_zones PRIMARY KEY (town_id, id),
	CONSTRAINT fk_zones_town_id_site_id FOREIGN KEY(town_id, site_id) REFERENCES sites (town_id, id),
	CONSTRAINT uq_zones_town_id_site_id_name UNIQUE (town_id, site_id, name)
)
""",
    r"""
CREATE TABLE booking_series (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	series_key VARCHAR(110) NOT NULL,
	site_id VARCHAR(80) NOT NULL,
	facility_id VARCHAR(80) NOT NULL,
	state VARCHAR(64) NOT NULL,
	rule VARCHAR(400) NOT NULL,
	first_start VARCHAR(26) NOT NULL,
	first_end VARCHAR(26) NOT NULL,
	except_on JSONB NOT NULL,
	on_conflict VARCHAR(64) NOT NULL,
	timezone VARCHAR(64) NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_booking_series PRIMARY KEY (town_id, id),
	CONSTRAINT uq_booking_series_town_id_series_key UNIQUE (town_id, series_key),
	CONSTRAINT fk_booking_series_town_id_facility_id FOREIGN KEY(town_id, facility_id) REFERENCES facilities (town_id, id),
	CONSTRAINT fk_booking_series_town_id_site_id FOREIGN KEY(town_id, site_id) REFERENCES sites (town_id, id)
)
""",
    r"""
CREATE TABLE bookings (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	reservation_key VARCHAR(128) NOT NULL,
	facility_id VARCHAR(80),
	site_id VARCHAR(80) NOT NULL,
	state VARCHAR(64) NOT NULL,
	source VARCHAR(64) NOT NULL,
	starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
	ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
	effective_from TIMESTAMP WITH TIME ZONE NOT NULL,
	effective_until TIMESTAMP WITH TIME ZONE NOT NULL,
	contact_name VARCHAR(120) NOT NULL,
	contact_email VARCHAR(254) NOT NULL,
	contact_phone VARCHAR(40) NOT NULL,
	contact_line VARCHAR(64) DEFAULT '' NOT NULL,
	contact_language VARCHAR(64) DEFAULT 'ja' NOT NULL,
	number VARCHAR(8) NOT NULL,
	margin_before_min INTEGER NOT NULL,
	margin_after_min INTEGER NOT NULL,
	handover VARCHAR(64) NOT NULL,
	payment VARCHAR(64) NOT NULL,
	approved_at TIMESTAMP WITH TIME ZONE,
	series_id VARCHAR(80),
	occurs_on DATE,
	detached BOOLEAN NOT NULL,
	purpose TEXT NOT NULL,
	paid BOOLEAN,
	digits INTEGER,
	decision_reason VARCHAR(200) NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_bookings PRIMARY KEY (town_id, id),
	CONSTRAINT uq_bookings_town_id_reservation_key UNIQUE (town_id, reservation_key),
	CONSTRAINT fk_bookings_town_id_facility_id FOREIGN KEY(town_id, facility_id) REFERENCES facilities (town_id, id),
	CONSTRAINT fk_bookings_town_id_site_id FOREIGN KEY(town_id, site_id) REFERENCES sites (town_id, id)
)
""",
    r"""
CREATE INDEX ix_bookings_facility ON bookings (town_id, facility_id, starts_at)
""",
    r"""
CREATE INDEX ix_bookings_number ON bookings (town_id, number)
""",
    r"""
CREATE INDEX ix_bookings_series ON bookings (town_id, series_id, occurs_on)
""",
    r"""
CREATE INDEX ix_bookings_starts ON bookings (town_id, starts_at)
""",
    r"""
CREATE INDEX ix_bookings_until ON bookings (town_id, effective_until)
""",
    r"""
CREATE TABLE closures (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	site_id VARCHAR(80) NOT NULL,
	facility_id VARCHAR(80),
	first_day DATE NOT NULL,
	last_day DATE NOT NULL,
	reason_ja VARCHAR(200) NOT NULL,
	reason_easy VARCHAR(200) NOT NULL,
	reason_en VARCHAR(200) NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_closures PRIMARY KEY (town_id, id),
	CONSTRAINT fk_closures_town_id_site_id FOREIGN KEY(town_id, site_id) REFERENCES sites (town_id, id),
	CONSTRAINT fk_closures_town_id_facility_id FOREIGN KEY(town_id, facility_id) REFERENCES facilities (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE INDEX ix_closures_site ON closures (town_id, site_id, last_day)
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
	bell JSONB,
	fail VARCHAR(64) NOT NULL,
	on_untrusted_clock VARCHAR(64) NOT NULL,
	on_journal_failure VARCHAR(64) NOT NULL,
	zone_in VARCHAR(80),
	zone_out VARCHAR(80),
	hold_schedule VARCHAR(80),
	first_person VARCHAR(64) NOT NULL,
	two_person BOOLEAN NOT NULL,
	second_person_ms INTEGER NOT NULL,
	shelter BOOLEAN NOT NULL,
	interlock VARCHAR(64),
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_doors PRIMARY KEY (town_id, id),
	CONSTRAINT fk_doors_town_id_site_id FOREIGN KEY(town_id, site_id) REFERENCES sites (town_id, id),
	CONSTRAINT fk_doors_town_id_controller_id FOREIGN KEY(town_id, controller_id) REFERENCES controllers (town_id, id),
	CONSTRAINT fk_doors_town_id_zone_in FOREIGN KEY(town_id, zone_in) REFERENCES zones (town_id, id),
	CONSTRAINT fk_doors_town_id_zone_out FOREIGN KEY(town_id, zone_out) REFERENCES zones (town_id, id),
	CONSTRAINT fk_doors_town_id_hold_schedule FOREIGN KEY(town_id, hold_schedule) REFERENCES schedules (town_id, id),
	CONSTRAINT uq_doors_town_id_site_id_name UNIQUE (town_id, site_id, name)
)
""",
    r"""
CREATE INDEX ix_doors_controller_id ON doors (controller_id)
""",
    r"""
CREATE INDEX ix_doors_hold_schedule ON doors (hold_schedule)
""",
    r"""
CREATE INDEX ix_doors_site_id ON doors (site_id)
""",
    r"""
CREATE TABLE facility_excludes (
	town_id VARCHAR(36) NOT NULL,
	facility_id VARCHAR(80) NOT NULL,
	other_id VARCHAR(80) NOT NULL,
	CONSTRAINT pk_facility_excludes PRIMARY KEY (town_id, facility_id, other_id),
	CONSTRAINT fk_facility_excludes_town_id_facility_id FOREIGN KEY(town_id, facility_id) REFERENCES facilities (town_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_facility_excludes_town_id_other_id FOREIGN KEY(town_id, other_id) REFERENCES facilities (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE INDEX ix_facility_excludes_other ON facility_excludes (town_id, other_id)
""",
    r"""
CREATE TABLE facility_key_boxes (
	town_id VARCHAR(36) NOT NULL,
	facility_id VARCHAR(80) NOT NULL,
	key_box_id VARCHAR(80) NOT NULL,
	CONSTRAINT pk_facility_key_boxes PRIMARY KEY (town_id, facility_id, key_box_id),
	CONSTRAINT fk_facility_key_boxes_town_id_facility_id FOREIGN KEY(town_id, facility_id) REFERENCES facilities (town_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_facility_key_boxes_town_id_key_box_id FOREIGN KEY(town_id, key_box_id) REFERENCES key_boxes (town_id, id)
)
""",
    r"""
CREATE TABLE feeds (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	name VARCHAR(120) NOT NULL,
	shown_url VARCHAR(300) NOT NULL,
	secret BYTEA NOT NULL,
	auth VARCHAR(64) NOT NULL,
	facility_id VARCHAR(80),
	places JSONB NOT NULL,
	contact JSONB NOT NULL,
	zone VARCHAR(64) NOT NULL,
	every_s INTEGER NOT NULL,
	horizon_days INTEGER NOT NULL,
	active BOOLEAN NOT NULL,
	etag VARCHAR(500) NOT NULL,
	last_modified VARCHAR(100) NOT NULL,
	content BYTEA,
	content_hash VARCHAR(64) NOT NULL,
	failures INTEGER NOT NULL,
	failing_told BOOLEAN NOT NULL,
	next_at TIMESTAMP WITH TIME ZONE NOT NULL,
	last_try_at TIMESTAMP WITH TIME ZONE,
	last_good_at TIMESTAMP WITH TIME ZONE,
	last_result VARCHAR(64),
	expanded_at TIMESTAMP WITH TIME ZONE,
	shrank_at TIMESTAMP WITH TIME ZONE,
	unread JSONB NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_feeds PRIMARY KEY (town_id, id),
	CONSTRAINT fk_feeds_town_id_facility_id FOREIGN KEY(town_id, facility_id) REFERENCES facilities (town_id, id)
)
""",
    r"""
CREATE TABLE key_box_secrets (
	town_id VARCHAR(36) NOT NULL,
	key_box_id VARCHAR(80) NOT NULL,
	version BIGINT NOT NULL,
	code_secret BYTEA,
	maintenance BYTEA NOT NULL,
	generation INTEGER NOT NULL,
	drawn_at TIMESTAMP WITH TIME ZONE NOT NULL,
	given_at TIMESTAMP WITH TIME ZONE,
	installed_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_key_box_secrets PRIMARY KEY (town_id, key_box_id, version),
	CONSTRAINT fk_key_box_secrets_town_id_key_box_id FOREIGN KEY(town_id, key_box_id) REFERENCES key_boxes (town_id, id)
)
""",
    r"""
CREATE TABLE key_box_tickets (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	key_box_id VARCHAR(80) NOT NULL,
	day INTEGER NOT NULL,
	rights INTEGER NOT NULL,
	purpose VARCHAR(200) NOT NULL,
	made_at TIMESTAMP WITH TIME ZONE NOT NULL,
	actor VARCHAR(80) NOT NULL,
	CONSTRAINT pk_key_box_tickets PRIMARY KEY (town_id, id),
	CONSTRAINT fk_key_box_tickets_town_id_key_box_id FOREIGN KEY(town_id, key_box_id) REFERENCES key_boxes (town_id, id)
)
""",
    r"""
CREATE INDEX ix_key_box_tickets_box ON key_box_tickets (town_id, key_box_id)
""",
    r"""
CREATE TABLE sessions (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(64) NOT NULL,
	user_id VARCHAR(80) NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	used_at TIMESTAMP WITH TIME ZONE NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_sessions PRIMARY KEY (town_id, id),
	CONSTRAINT fk_sessions_town_id_user_id FOREIGN KEY(town_id, user_id) REFERENCES users (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE INDEX ix_sessions_user_id ON sessions (user_id)
""",
    r"""
CREATE TABLE visitor_cards (
	town_id VARCHAR(36) NOT NULL,
	card_id VARCHAR(80) NOT NULL,
	site_id VARCHAR(80),
	added_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_visitor_cards PRIMARY KEY (town_id, card_id),
	CONSTRAINT fk_visitor_cards_town_id_card_id FOREIGN KEY(town_id, card_id) REFERENCES cards (town_id, id),
	CONSTRAINT fk_visitor_cards_town_id_site_id FOREIGN KEY(town_id, site_id) REFERENCES sites (town_id, id)
)
""",
    r"""
CREATE TABLE visitors (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	visit_id VARCHAR(80) NOT NULL,
	name VARCHAR(100) NOT NULL,
	name_kana VARCHAR(100) NOT NULL,
	arrived_at TIMESTAMP WITH TIME ZONE,
	left_at TIMESTAMP WITH TIME ZONE,
	card_id VARCHAR(80),
	card_given_at TIMESTAMP WITH TIME ZONE,
	card_returned_at TIMESTAMP WITH TIME ZONE,
	grants JSONB NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_visitors PRIMARY KEY (town_id, id),
	CONSTRAINT fk_visitors_town_id_visit_id FOREIGN KEY(town_id, visit_id) REFERENCES visits (town_id, id),
	CONSTRAINT fk_visitors_town_id_card_id FOREIGN KEY(town_id, card_id) REFERENCES cards (town_id, id),
	CONSTRAINT uq_visitors_town_id_card_id UNIQUE (town_id, card_id)
)
""",
    r"""
CREATE INDEX ix_visitors_visit_id ON visitors (visit_id)
""",
    r"""
CREATE TABLE webhook_attempts (
	town_id VARCHAR(36) NOT NULL,
	delivery_id VARCHAR(80) NOT NULL,
	number INTEGER NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	status INTEGER,
	latency_ms INTEGER NOT NULL,
	fault VARCHAR(64),
	answer TEXT NOT NULL,
	CONSTRAINT pk_webhook_attempts PRIMARY KEY (town_id, delivery_id, number),
	CONSTRAINT fk_webhook_attempts_town_id_delivery_id FOREIGN KEY(town_id, delivery_id) REFERENCES webhook_deliveries (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE TABLE booking_doors (
	town_id VARCHAR(36) NOT NULL,
	booking_id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	CONSTRAINT pk_booking_doors PRIMARY KEY (town_id, booking_id, door_id),
	CONSTRAINT fk_booking_doors_town_id_booking_id FOREIGN KEY(town_id, booking_id) REFERENCES bookings (town_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_booking_doors_town_id_door_id FOREIGN KEY(town_id, door_id) REFERENCES doors (town_id, id)
)
""",
    r"""
CREATE TABLE booking_holders (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	booking_id VARCHAR(80) NOT NULL,
	name VARCHAR(120) NOT NULL,
	person_id VARCHAR(80),
	duress BOOLEAN DEFAULT false NOT NULL,
	max_uses INTEGER,
	soft_uses BOOLEAN DEFAULT false NOT NULL,
	removed_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_booking_holders PRIMARY KEY (town_id, id),
	CONSTRAINT fk_booking_holders_town_id_booking_id FOREIGN KEY(town_id, booking_id) REFERENCES bookings (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE INDEX ix_booking_holders_booking ON booking_holders (town_id, booking_id)
""",
    r"""
CREATE TABLE booking_key_boxes (
	town_id VARCHAR(36) NOT NULL,
	booking_id VARCHAR(80) NOT NULL,
	key_box_id VARCHAR(80) NOT NULL,
	CONSTRAINT pk_booking_key_boxes PRIMARY KEY (town_id, booking_id, key_box_id),
	CONSTRAINT fk_booking_key_boxes_town_id_booking_id FOREIGN KEY(town_id, booking_id) REFERENCES bookings (town_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_booking_key_boxes_town_id_key_box_id FOREIGN KEY(town_id, key_box_id) REFERENCES key_boxes (town_id, id)
)
""",
    r"""
CREATE TABLE booking_outcomes (
	town_id VARCHAR(36) NOT NULL,
	booking_id VARCHAR(80) NOT NULL,
	attendance VARCHAR(64) NOT NULL,
	first_entry_at TIMESTAMP WITH TIME ZONE,
	last_entry_at TIMESTAMP WITH TIME ZONE,
	entries INTEGER NOT NULL,
	early_at TIMESTAMP WITH TIME ZONE,
	early_denied INTEGER NOT NULL,
	late_denied INTEGER NOT NULL,
	overstayed_at TIMESTAMP WITH TIME ZONE,
	left_open JSONB NOT NULL,
	keys_missing JSONB NOT NULL,
	unheard JSONB NOT NULL,
	told JSONB NOT NULL,
	settled_at TIMESTAMP WITH TIME ZONE,
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_booking_outcomes PRIMARY KEY (town_id, booking_id),
	CONSTRAINT fk_booking_outcomes_town_id_booking_id FOREIGN KEY(town_id, booking_id) REFERENCES bookings (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE TABLE booking_parts (
	town_id VARCHAR(36) NOT NULL,
	booking_id VARCHAR(80) NOT NULL,
	part_id VARCHAR(80) NOT NULL,
	starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
	ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_booking_parts PRIMARY KEY (town_id, booking_id, part_id),
	CONSTRAINT fk_booking_parts_town_id_booking_id FOREIGN KEY(town_id, booking_id) REFERENCES bookings (town_id, id) ON DELETE CASCADE,
	CONSTRAINT ex_booking_parts_once EXCLUDE USING gist (town_id WITH =, part_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
)
""",
    r"""
CREATE INDEX ix_booking_parts_part ON booking_parts (town_id, part_id, starts_at)
""",
    r"""
CREATE TABLE door_backups (
	town_id VARCHAR(36) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	profile VARCHAR(32) NOT NULL,
	secret BYTEA NOT NULL,
	version BIGINT NOT NULL,
	generation INTEGER NOT NULL,
	grace_s INTEGER NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	sealed TEXT NOT NULL,
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_door_backups PRIMARY KEY (town_id, door_id),
	CONSTRAINT fk_door_backups_town_id_door_id FOREIGN KEY(town_id, door_id) REFERENCES doors (town_id, id)
)
""",
    r"""
CREATE TABLE door_commands (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	controller_id VARCHAR(80) NOT NULL,
	session VARCHAR(32) NOT NULL,
	pulse_ms INTEGER NOT NULL,
	actor VARCHAR(80) NOT NULL,
	reason VARCHAR(200) NOT NULL,
	state VARCHAR(64) NOT NULL,
	observed VARCHAR(64),
	cause VARCHAR(64),
	sent_at TIMESTAMP WITH TIME ZONE NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	received_at TIMESTAMP WITH TIME ZONE,
	ended_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_door_commands PRIMARY KEY (town_id, id),
	CONSTRAINT fk_door_commands_town_id_door_id FOREIGN KEY(town_id, door_id) REFERENCES doors (town_id, id)
)
""",
    r"""
CREATE INDEX ix_door_commands_door ON door_commands (town_id, door_id, sent_at)
""",
    r"""
CREATE INDEX ix_door_commands_open ON door_commands (town_id, state, expires_at)
""",
    r"""
CREATE TABLE door_tests (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	told_by VARCHAR(64) NOT NULL,
	passed BOOLEAN NOT NULL,
	cause VARCHAR(64) NOT NULL,
	note VARCHAR(500) NOT NULL,
	actor VARCHAR(80),
	tested_at TIMESTAMP WITH TIME ZONE NOT NULL,
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
	controller_id VARCHAR(80),
	boot VARCHAR(36),
	mono_ns BIGINT,
	trusted BOOLEAN NOT NULL,
	CONSTRAINT pk_door_tests PRIMARY KEY (town_id, id),
	CONSTRAINT fk_door_tests_town_id_door_id FOREIGN KEY(town_id, door_id) REFERENCES doors (town_id, id)
)
""",
    r"""
CREATE INDEX ix_door_tests_door ON door_tests (town_id, door_id, tested_at)
""",
    r"""
CREATE TABLE facility_doors (
	town_id VARCHAR(36) NOT NULL,
	facility_id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	CONSTRAINT pk_facility_doors PRIMARY KEY (town_id, facility_id, door_id),
	CONSTRAINT fk_facility_doors_town_id_facility_id FOREIGN KEY(town_id, facility_id) REFERENCES facilities (town_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_facility_doors_town_id_door_id FOREIGN KEY(town_id, door_id) REFERENCES doors (town_id, id)
)
""",
    r"""
CREATE TABLE feed_events (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	feed_id VARCHAR(80) NOT NULL,
	uid TEXT NOT NULL,
	uid_hash VARCHAR(64) NOT NULL,
	rid VARCHAR(20) NOT NULL,
	day DATE NOT NULL,
	reservation_key VARCHAR(128) NOT NULL,
	times INTEGER NOT NULL,
	state VARCHAR(64) NOT NULL,
	starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
	ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
	digest VARCHAR(64) NOT NULL,
	said JSONB NOT NULL,
	problem VARCHAR(64) NOT NULL,
	problem_detail VARCHAR(200) NOT NULL,
	first_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	absent_since TIMESTAMP WITH TIME ZONE,
	waits BOOLEAN NOT NULL,
	gone_at TIMESTAMP WITH TIME ZONE,
	gone_by VARCHAR(64),
	CONSTRAINT pk_feed_events PRIMARY KEY (town_id, id),
	CONSTRAINT uq_feed_events_town_id_feed_id_uid_hash_rid UNIQUE (town_id, feed_id, uid_hash, rid),
	CONSTRAINT fk_feed_events_town_id_feed_id FOREIGN KEY(town_id, feed_id) REFERENCES feeds (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE INDEX ix_feed_events_feed ON feed_events (town_id, feed_id, ends_at)
""",
    r"""
CREATE INDEX ix_feed_events_key ON feed_events (town_id, reservation_key)
""",
    r"""
CREATE TABLE feed_runs (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	feed_id VARCHAR(80) NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	took_ms INTEGER NOT NULL,
	by VARCHAR(120) NOT NULL,
	result VARCHAR(64) NOT NULL,
	detail VARCHAR(200) NOT NULL,
	http_status INTEGER,
	size INTEGER NOT NULL,
	events INTEGER NOT NULL,
	made INTEGER NOT NULL,
	changed INTEGER NOT NULL,
	cancelled INTEGER NOT NULL,
	refused INTEGER NOT NULL,
	absent INTEGER NOT NULL,
	CONSTRAINT pk_feed_runs PRIMARY KEY (town_id, id),
	CONSTRAINT fk_feed_runs_town_id_feed_id FOREIGN KEY(town_id, feed_id) REFERENCES feeds (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE INDEX ix_feed_runs_feed ON feed_runs (town_id, feed_id, at)
""",
    r"""
CREATE TABLE grants (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80),
	zone_id VARCHAR(80),
	person_id VARCHAR(80),
	group_id VARCHAR(80),
	card_id VARCHAR(80),
	start_at TIMESTAMP WITH TIME ZONE,
	end_at TIMESTAMP WITH TIME ZONE,
	schedule_id VARCHAR(80),
	needs_pin BOOLEAN NOT NULL,
	first_person BOOLEAN NOT NULL,
	max_uses INTEGER,
	soft BOOLEAN NOT NULL,
	escorts JSONB NOT NULL,
	escort_s INTEGER NOT NULL,
	state VARCHAR(64) NOT NULL,
	note VARCHAR(200) NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_grants PRIMARY KEY (town_id, id),
	CONSTRAINT fk_grants_town_id_door_id FOREIGN KEY(town_id, door_id) REFERENCES doors (town_id, id),
	CONSTRAINT fk_grants_town_id_zone_id FOREIGN KEY(town_id, zone_id) REFERENCES zones (town_id, id),
	CONSTRAINT fk_grants_town_id_person_id FOREIGN KEY(town_id, person_id) REFERENCES people (town_id, id),
	CONSTRAINT fk_grants_town_id_group_id FOREIGN KEY(town_id, group_id) REFERENCES groups (town_id, id),
	CONSTRAINT fk_grants_town_id_card_id FOREIGN KEY(town_id, card_id) REFERENCES cards (town_id, id),
	CONSTRAINT fk_grants_town_id_schedule_id FOREIGN KEY(town_id, schedule_id) REFERENCES schedules (town_id, id),
	CONSTRAINT ck_grants_one_subject CHECK ((CASE WHEN person_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN group_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN card_id IS NULL THEN 0 ELSE 1 END) = 1),
	CONSTRAINT ck_grants_one_place CHECK ((door_id IS NULL) <> (zone_id IS NULL)),
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
CREATE INDEX ix_grants_start ON grants (town_id, start_at)
""",
    r"""
CREATE INDEX ix_grants_zone_id ON grants (zone_id)
""",
    r"""
CREATE TABLE line_link_codes (
	town_id VARCHAR(36) NOT NULL,
	code_hash VARCHAR(64) NOT NULL,
	booking_id VARCHAR(80) NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_line_link_codes PRIMARY KEY (town_id, code_hash),
	CONSTRAINT fk_line_link_codes_town_id_booking_id FOREIGN KEY(town_id, booking_id) REFERENCES bookings (town_id, id) ON DELETE CASCADE
)
""",
    r"""
CREATE TABLE mode_orders (
	town_id VARCHAR(36) NOT NULL,
	id VARCHAR(80) NOT NULL,
	order_no BIGINT NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	mode VARCHAR(64) NOT NULL,
	reason VARCHAR(200) NOT NULL,
	actor VARCHAR(80) NOT NULL,
	ordered_at TIMESTAMP WITH TIME ZONE NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE,
	withdrawn_at TIMESTAMP WITH TIME ZONE,
	emergency_id VARCHAR(80),
	applied_at TIMESTAMP WITH TIME ZONE,
	ended_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_mode_orders PRIMARY KEY (town_id, id),
	CONSTRAINT uq_mode_orders_town_id_order_no UNIQUE (town_id, order_no),
	CONSTRAINT fk_mode_orders_town_id_door_id FOREIGN KEY(town_id, door_id) REFERENCES doors (town_id, id),
	CONSTRAINT fk_mode_orders_town_id_emergency_id FOREIGN KEY(town_id, emergency_id) REFERENCES emergencies (town_id, id)
)
""",
    r"""
CREATE INDEX ix_mode_orders_door ON mode_orders (town_id, door_id, withdrawn_at)
""",
    r"""
CREATE TABLE pin_placements (
	town_id VARCHAR(36) NOT NULL,
	credential_id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	grant_id VARCHAR(80) NOT NULL,
	starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
	ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
	state VARCHAR(64) NOT NULL,
	problems JSONB NOT NULL,
	wanted_version BIGINT,
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	placed_at TIMESTAMP WITH TIME ZONE,
	old_digits_since TIMESTAMP WITH TIME ZONE,
	held_until TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_pin_placements PRIMARY KEY (town_id, credential_id, door_id),
	CONSTRAINT fk_pin_placements_town_id_credential_id FOREIGN KEY(town_id, credential_id) REFERENCES pin_credentials (town_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_pin_placements_town_id_door_id FOREIGN KEY(town_id, door_id) REFERENCES doors (town_id, id),
	CONSTRAINT uq_pin_placements_town_id_grant_id UNIQUE (town_id, grant_id)
)
""",
    r"""
CREATE INDEX ix_pin_placements_door ON pin_placements (town_id, door_id, state)
""",
    r"""
CREATE INDEX ix_pin_placements_ends ON pin_placements (town_id, state, ends_at)
""",
    r"""
CREATE INDEX ix_pin_placements_left ON pin_placements (town_id, door_id) WHERE held_until IS NOT NULL
""",
    r"""
CREATE INDEX ix_pin_placements_starts ON pin_placements (town_id, state, starts_at)
""",
    r"""
CREATE TABLE pin_pools (
	town_id VARCHAR(36) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	size INTEGER NOT NULL,
	life_days INTEGER NOT NULL,
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_pin_pools PRIMARY KEY (town_id, door_id),
	CONSTRAINT fk_pin_pools_town_id_door_id FOREIGN KEY(town_id, door_id) REFERENCES doors (town_id, id)
)
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
	min_assurance VARCHAR(64) NOT NULL,
	key_timeout_ms INTEGER NOT NULL,
	max_keys INTEGER NOT NULL,
	tries INTEGER NOT NULL,
	budget_window_s INTEGER NOT NULL,
	lockout_s INTEGER NOT NULL,
	lockout_max_s INTEGER NOT NULL,
	card_tries INTEGER NOT NULL,
	card_window_s INTEGER NOT NULL,
	card_lockout_s INTEGER NOT NULL,
	card_lockout_max_s INTEGER NOT NULL,
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
    r"""
CREATE TABLE standing_codes (
	town_id VARCHAR(36) NOT NULL,
	credential_id VARCHAR(80) NOT NULL,
	door_id VARCHAR(80) NOT NULL,
	made_at TIMESTAMP WITH TIME ZONE NOT NULL,
	pulled_at TIMESTAMP WITH TIME ZONE,
	pulled_from TIMESTAMP WITH TIME ZONE,
	pulled_until TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_standing_codes PRIMARY KEY (town_id, credential_id),
	CONSTRAINT fk_standing_codes_town_id_credential_id FOREIGN KEY(town_id, credential_id) REFERENCES pin_credentials (town_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_standing_codes_town_id_door_id FOREIGN KEY(town_id, door_id) REFERENCES doors (town_id, id)
)
""",
    r"""
CREATE INDEX ix_standing_codes_door ON standing_codes (town_id, door_id)
""",
]
