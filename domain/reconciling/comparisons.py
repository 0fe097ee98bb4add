"""What is held against the ledger, each as one query over the agreements of a range of people.

Each answers (agreement, detail, what the other place says, what the ledger says) wherever the two differ.
"""

from collections.abc import Mapping

from domain.agreements.kinds import KINDS
from domain.reconciling.breaks import BreakKind

# What a statement calls principal, and whether there is a limit, each kind says of itself.
OWED = " ".join(f"WHEN '{kind.value}' THEN '{each.books.owed.value}'" for kind, each in KINDS.items())
LIMITED = ", ".join(f"'{kind.value}'" for kind, each in KINDS.items() if each.books.taken_from)

COMPARISONS: Mapping[BreakKind, str] = {
    BreakKind.STATEMENT: f"""
        SELECT agreement.id, part.kind, part.amount, coalesce(balance.amount, 0)
          FROM agreement
          LEFT JOIN LATERAL (
                SELECT coalesce(sum(principal), 0) AS principal, coalesce(sum(interest), 0) AS interest,
                       coalesce(sum(fees + penalties), 0) AS fees, coalesce(sum(credit), 0) AS credit
                  FROM movements WHERE movements.user_id = agreement.user_id AND movements.agreement_id = agreement.id
               ) AS told ON true
         CROSS JOIN LATERAL (VALUES (CASE agreement.kind {OWED} END, told.principal), ('INTEREST', told.interest), ('FEES', told.fees),
                ('CREDIT', told.credit)) AS part(kind, amount)
          LEFT JOIN balance ON balance.user_id = agreement.user_id AND balance.subject_id = agreement.id
           AND balance.kind = part.kind""",  # noqa: S608 - our own words
    BreakKind.LIMIT: f"""
        SELECT agreement.id, part.kind, part.amount, coalesce(balance.amount, 0)
          FROM agreement
          LEFT JOIN LATERAL (
                SELECT coalesce(sum(amount) FILTER (WHERE status = 'SENT'), 0) AS sent,
                       coalesce(sum(amount) FILTER (WHERE status <> 'FAILED'), 0) AS drawn
                  FROM (SELECT status, amount, user_id, agreement_id FROM draw_downs
                        UNION ALL SELECT 'SETTLED', amount, user_id, agreement_id FROM got) AS used
                 WHERE used.user_id = agreement.user_id AND used.agreement_id = agreement.id
               ) AS told ON true
         CROSS JOIN LATERAL (VALUES ('RESERVED', told.sent), ('DRAWABLE', CASE
                WHEN agreement.status IN ('SETTLED', 'UNWOUND') OR agreement.kind NOT IN ({LIMITED})
                THEN 0 ELSE agreement.amount - told.drawn END)) AS part(kind, amount)
          LEFT JOIN balance ON balance.user_id = agreement.user_id AND balance.subject_id = agreement.id
           AND balance.kind = part.kind""",  # noqa: S608 - our own words
    BreakKind.PAYOUT: """
        SELECT coalesce(told.agreement_id, booked.subject_id), coalesce(told.id, booked.cause_id)::text,
               coalesce(told.amount, 0), coalesce(booked.amount, 0)
          FROM (SELECT user_id, id, agreement_id, amount FROM draw_downs
                 WHERE status = 'SETTLED' AND user_id BETWEEN :first AND :last
                UNION ALL SELECT user_id, id, agreement_id, amount FROM got) AS told
          FULL JOIN (SELECT user_id, cause_id, subject_id, sum(amount) AS amount FROM standing
                      WHERE cause_kind = 'PAYOUT' AND debit = 'COMMITTED' GROUP BY 1, 2, 3) AS booked
            ON (booked.user_id, booked.cause_id, booked.subject_id) = (told.user_id, told.id, told.agreement_id)""",
    BreakKind.PAYMENT: """
        SELECT coalesce(told.cause_id, booked.subject_id), coalesce(told.id, booked.cause_id)::text,
               coalesce(told.amount, 0), coalesce(booked.amount, 0)
          FROM (SELECT payments.user_id, payments.id, payments.cause_id, payments.amount
                  FROM payments JOIN agreement ON agreement.user_id = payments.user_id AND agreement.id = payments.cause_id
                  JOIN takings ON takings.cashier = payments.cashier AND takings.reference = payments.reference
                 WHERE payments.status = 'SETTLED' AND (takings.why IS NULL OR takings.payment_id = payments.id)) AS told
          FULL JOIN (SELECT user_id, cause_id, subject_id, sum(amount) AS amount FROM standing
                      WHERE cause_kind IN ('REPAYMENT', 'DEPOSIT') AND debit = 'COLLECTED' GROUP BY 1, 2, 3) AS booked
            ON (booked.user_id, booked.cause_id, booked.subject_id) = (told.user_id, told.id, told.cause_id)""",
    BreakKind.REFUND: """
        SELECT coalesce(told.cause_id, booked.subject_id), coalesce(told.id, booked.cause_id)::text,
               coalesce(told.amount, 0), coalesce(booked.amount, 0)
          FROM (SELECT refunds.user_id, refunds.id, refunds.cause_id, refunds.amount
                  FROM refunds JOIN agreement ON agreement.user_id = refunds.user_id AND agreement.id = refunds.cause_id
                 WHERE refunds.status = 'SETTLED') AS told
          FULL JOIN (SELECT user_id, cause_id, subject_id, sum(amount) AS amount FROM standing
                      WHERE cause_kind IN ('REFUND', 'DEPOSIT_RETURNED') AND credit = 'COLLECTED' GROUP BY 1, 2, 3) AS booked
            ON (booked.user_id, booked.cause_id, booked.subject_id) = (told.user_id, told.id, told.cause_id)""",
    BreakKind.DEPOSIT: """
        SELECT agreement.id, part.kind, part.amount, coalesce(balance.amount, 0)
          FROM agreement JOIN deposits ON deposits.user_id = agreement.user_id AND deposits.agreement_id = agreement.id
          LEFT JOIN LATERAL (
                SELECT coalesce(sum(amount) FILTER (WHERE status = 'PENDING'), 0) AS going,
                       coalesce(sum(amount) FILTER (WHERE status <> 'FAILED'), 0) AS gone
                  FROM refunds WHERE refunds.user_id = agreement.user_id AND refunds.cause_id = agreement.id AND cause = 'deposit'
               ) AS told ON true
         CROSS JOIN LATERAL (VALUES ('DEPOSIT_RETURNING', told.going), ('DEPOSIT', CASE
                WHEN deposits.status IN ('DUE', 'WAIVED') THEN 0 ELSE deposits.amount - deposits.kept - told.gone END)
               ) AS part(kind, amount)
          LEFT JOIN balance ON balance.user_id = agreement.user_id AND balance.subject_id = agreement.id
           AND balance.kind = part.kind""",
    # Money that fits nothing lies apart again, where people see it; of an agreement it may have been paid with since.
    BreakKind.STUCK: """
        SELECT refund.cause_id, refund.id::text, refund.amount, 0
          FROM refund
         WHERE (refund.status = 'PENDING' AND refund.stuck_at IS NOT NULL)
            OR (refund.status = 'FAILED' AND refund.cause <> 'unmatched'
                AND (refund.cause NOT IN ('repayment', 'deposit')
                     OR EXISTS (SELECT FROM balance WHERE balance.user_id = refund.user_id AND balance.subject_id = refund.cause_id
                         AND balance.kind IN ('CREDIT', 'DEPOSIT') AND balance.amount > 0))
                AND NOT EXISTS (SELECT FROM refund AS later WHERE later.user_id = refund.user_id
                     AND later.cause_id = refund.cause_id AND later.begun_at > refund.begun_at AND later.status <> 'FAILED'))""",
}
