/*
product = "images"
harm = "sexual_content"
entity = "upload_hash"
version = 1
authors = ["rkhan", "mlang"]
owner = "images-safety"
threshold = 3
near = 2
window = "6d"
cadence = "daily"
severity = "S0"
action = "block_upload"
runbook = "docs/runbooks/undressing_ring.md"
reads = ["images", "period"]
doc = '''
One picture is handed from account to account, and each tries to undress it.

Counts the accounts that asked for an edit of the picture with a `score_undress` of 0.3 or more in
the 7 days that end with the day. Only pictures that somebody tried that day; null where no edit of
the picture was scored. Evidence: `members`, the first hundred of these accounts in order.

Threshold: In two development worlds 0.3 is reached by 1 honest edit in 100. Honest accounts share a
picture with up to 11 others, and of those pictures one has two such accounts and the rest one or
none. All but one of the pictures that the evasive campaigns share have 3 to 15.

Misses: A picture that is cropped or saved anew for each account, for the hash is exact, and rings
whose members each bring their own pictures.

False alarms: A photograph that went round the world and that several strangers cut out at the
body; a batch of a shop's catalogue edited by its staff.
'''

[[canary]]
contract = "images"
n = 5
every = "1h"
values = { account_id = "canary-{i}", operation = "edit", upload_hash = "canary", score_undress = 0.45, refused = false }
*/
with days as (
    -- a join by equal days is several times faster than one by ranges of time
    select
        "end" as window_end,
        unnest(range("end" - interval 7 day, "end", interval 1 day)) as day
    from period
),

edits as (
    select
        window_end,
        upload_hash,
        account_id,
        day,
        event_id,
        refused,
        score_undress,
        coalesce(score_undress >= 0.3, false) as tried
    from images
    inner join days on day = date_trunc('day', occurred_at)
    where operation = 'edit' and upload_hash is not null and account_id is not null
)

select
    upload_hash,
    if(
        count(score_undress) > 0, count(distinct account_id) filter (where tried), null
    )::double as score,
    window_end - interval 7 day as window_start,
    window_end,
    count(*) filter (where tried) as attempts,
    count(*) filter (where tried and refused) as refusals,
    min(event_id) filter (where tried) as event_id,
    list_sort(list(distinct account_id) filter (where tried))[:100] as members
from edits
group by upload_hash, window_end
having max(day) = window_end - interval 1 day
