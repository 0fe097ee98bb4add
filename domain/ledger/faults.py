"""What can be wrong with a ledger, each as one query over the accounts and transfers of a range of people.

A fault is (user_id, subject_id, transfer_id or NULL, what it is in words). Nothing leans on a constraint: somebody who owns the
tables can take those away.
"""

from collections.abc import Mapping

SUMS = """
    SELECT user_id, subject_id, kind, sum(debits) AS debits, sum(credits) AS credits
      FROM (SELECT user_id, subject_id, debit AS kind, amount AS debits, 0 AS credits FROM moved
             UNION ALL SELECT user_id, subject_id, credit, 0, amount FROM moved) AS sides
     GROUP BY user_id, subject_id, kind
"""

FAULTS: Mapping[str, str] = {
    "ACCOUNT_MISSING": """
        SELECT user_id, subject_id, NULL::uuid, format('its account %s is not there, and transfers name it', kind)
          FROM summed LEFT JOIN account USING (user_id, subject_id, kind) WHERE account.currency IS NULL""",
    "BALANCE_WRONG": """
        SELECT user_id, subject_id, NULL::uuid, format('its account %s has debits of %s and credits of %s; its transfers, %s and %s',
                   kind, account.debits, account.credits, coalesce(summed.debits, 0), coalesce(summed.credits, 0))
          FROM account LEFT JOIN summed USING (user_id, subject_id, kind)
         WHERE account.debits <> coalesce(summed.debits, 0) OR account.credits <> coalesce(summed.credits, 0)""",
    "KIND_UNKNOWN": """
        SELECT user_id, subject_id, NULL::uuid, format('its account %s is of no kind that there is', account.kind)
          FROM account LEFT JOIN kind USING (kind) WHERE kind.kind IS NULL""",
    "BELOW_ZERO": """
        SELECT user_id, subject_id, NULL::uuid, format('its account %s is below zero', kind)
          FROM account JOIN kind USING (kind) WHERE is_bounded AND sign * (debits - credits) < 0""",
    "CURRENCIES": """
        SELECT user_id, subject_id, NULL::uuid,
               format('its accounts are of several currencies: %s', string_agg(DISTINCT currency, ', ' ORDER BY currency))
          FROM account GROUP BY user_id, subject_id HAVING count(DISTINCT currency) > 1""",
    "CURRENCY_WRONG": """
        SELECT moved.user_id, moved.subject_id, moved.id,
               format('it is in %s, and its account %s in %s', moved.currency, account.kind, account.currency)
          FROM moved JOIN account USING (user_id, subject_id)
         WHERE account.kind IN (moved.debit, moved.credit) AND account.currency <> moved.currency""",
    "PARTNERS": """
        SELECT user_id, subject_id, NULL::uuid, 'its transfers name several partners' FROM moved
         GROUP BY user_id, subject_id HAVING count(DISTINCT partner_id) + (count(*) > count(partner_id))::int > 1""",
    "AMOUNT_WRONG": """
        SELECT user_id, subject_id, id, 'it is no amount above zero from one account to another'
          FROM moved WHERE amount <= 0 OR debit = credit""",
    "CAUSE_TWICE": """
        SELECT user_id, subject_id, id, format('its cause is posted twice: %s %s, part %s', cause_kind, cause_id, part)
          FROM (SELECT *, row_number() OVER (PARTITION BY user_id, cause_kind, cause_id, part ORDER BY id) AS place
                  FROM moved) AS placed WHERE place > 1""",
    "CAUSE_AGAIN": """
        SELECT user_id, min(subject_id::text)::uuid, NULL::uuid, format('%s %s was not booked at one time', cause_kind, cause_id)
          FROM moved GROUP BY user_id, cause_kind, cause_id HAVING count(DISTINCT booked_at) > 1""",
    "PART_MISSING": """
        SELECT user_id, min(subject_id::text)::uuid, NULL::uuid, format('a part of %s %s is not there', cause_kind, cause_id)
          FROM moved GROUP BY user_id, cause_kind, cause_id HAVING min(part) <> 0 OR max(part) + 1 > count(DISTINCT part)""",
    "REVERSAL_WRONG": """
        SELECT back.user_id, back.subject_id, back.id, CASE
                   WHEN taken.id IS NULL THEN 'it takes back a transfer that is not there'
                   WHEN taken.reverses IS NOT NULL THEN 'it takes back what takes back another'
                   ELSE 'it is not the reverse of what it takes back' END
          FROM moved AS back LEFT JOIN moved AS taken
            ON (taken.user_id, taken.subject_id, taken.id) = (back.user_id, back.subject_id, back.reverses)
         WHERE back.reverses IS NOT NULL AND (taken.id IS NULL OR taken.reverses IS NOT NULL
            OR (taken.debit, taken.credit, taken.amount, taken.currency)
                <> (back.credit, back.debit, back.amount, back.currency))""",
    "REVERSED_TWICE": """
        SELECT user_id, subject_id, id, 'it takes back what another has taken back'
          FROM (SELECT *, row_number() OVER (PARTITION BY user_id, subject_id, reverses ORDER BY id) AS place
                  FROM moved WHERE reverses IS NOT NULL) AS placed WHERE place > 1""",
}
