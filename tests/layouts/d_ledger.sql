-- A shop whose bookkeeping is shown by views: keys are text, the state is a word in a domain, times are the clock on the
-- wall (timestamp without time zone), and other points in time are just days.

CREATE SCHEMA ledger;

CREATE DOMAIN ledger.word AS text CHECK (value = btrim(value));

CREATE TABLE ledger.receipt (
    number    varchar(20) PRIMARY KEY,
    state     ledger.word NOT NULL,
    booked_at timestamp,
    paid_on   date
);

CREATE TABLE ledger.line (
    receipt varchar(20) NOT NULL REFERENCES ledger.receipt,
    box     varchar(20) NOT NULL,
    amount  numeric NOT NULL,
    market  varchar(20)
);

CREATE TABLE ledger.box (
    label    varchar(20) PRIMARY KEY,
    model    varchar(40) NOT NULL,
    received date
);

CREATE VIEW ledger.sale AS
SELECT
    receipt.number || '/' || line.box AS id,
    line.box,
    line.market,
    receipt.state,
    receipt.booked_at,
    receipt.paid_on,
    line.amount
FROM ledger.receipt
JOIN ledger.line ON line.receipt = receipt.number;

CREATE VIEW ledger.market AS
SELECT DISTINCT market FROM ledger.line;

INSERT INTO ledger.receipt (number, state, booked_at, paid_on) VALUES
    -- Over the night in which Berlin's clocks go forward.
    ('R1', 'DONE', '2024-03-30 12:00:00', '2024-04-01'),
    ('R2', 'Paid', '2024-03-31 23:30:00', '2024-04-02'),
    ('R3', 'open', '2024-04-01 00:30:00', NULL),
    ('R4', 'done', NULL,                  NULL);

INSERT INTO ledger.box (label, model, received) VALUES
    ('B1', 'Dunk Low', '2024-03-01'),
    ('B2', 'Dunk Low', '2024-03-31'),
    ('B3', 'Samba',    NULL),
    ('B4', 'Samba',    '2024-03-31');

INSERT INTO ledger.line (receipt, box, amount, market) VALUES
    ('R1', 'B1', 120.5,  'eBay'),
    ('R2', 'B2', 130.25, 'eBay'),
    ('R2', 'B3', 80,     'Fair'),
    ('R3', 'B4', 85,     'Fair'),
    ('R4', 'B4', 10,     NULL);
