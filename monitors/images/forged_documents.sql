/*
product = "images"
harm = "fraud_scams"
entity = "prompt_hash"
version = 1
authors = ["mlang"]
owner = "images-safety"
threshold = 8
near = 5
window = "2d"
cadence = "daily"
severity = "S1"
action = "block_template"
runbook = "docs/runbooks/forged_documents.md"
reads = ["images", "period"]
doc = '''
One prompt makes batches of identity papers, bills or certificates.

Counts the images of a prompt with a `score_document` of 0.3 or more in the 3 days that end with the
day, made or refused, whoever asked. Only prompts used that day; 0 where the prompt's images score
under 0.2 on average, for a popular prompt collects stray scores; null where none was scored.
Evidence: `members`, the first hundred accounts with such an image in order.

Threshold: In two development worlds the busiest prompt of honest accounts has 3 such images in 3
days. At their peak the prompts that forgers share have 26 or more, of slow and evasive ones too.

Misses: Forgers who write every prompt anew, so that no two hashes are the same, and forgeries made
in fewer than 8 images.

False alarms: Designers of forms and certificates, novelty cards, and training material on forgery.
'''

[[canary]]
contract = "images"
n = 12
every = "10m"
values = { account_id = "canary-{i}", operation = "generate", prompt_hash = "canary", score_document = 0.6, refused = false }
*/
with days as (
    -- a join by equal days is several times faster than one by ranges of time
    select
        "end" as window_end,
        unnest(range("end" - interval 3 day, "end", interval 1 day)) as day
    from period
),

made as (
    select
        window_end,
        prompt_hash,
        account_id,
        day,
        event_id,
        refused,
        score_document,
        coalesce(score_document >= 0.3, false) as likely
    from images
    inner join days on day = date_trunc('day', occurred_at)
    where prompt_hash is not null
),

counted as (
    select
        window_end,
        prompt_hash,
        case
            when count(score_document) = 0 then null
            when avg(score_document) < 0.2 then 0
            else count(*) filter (where likely)
        end::double as score,
        count(*) as images,
        count(*) filter (where likely and refused) as refusals
    from made
    group by all
    having max(day) = window_end - interval 1 day
),

-- ids are gathered for the few prompts of which somebody will read them
named as (
    select
        window_end,
        prompt_hash,
        count(distinct account_id) as accounts,
        min(event_id) as event_id,
        list_sort(list(distinct account_id))[:100] as members
    from made
    inner join counted using (window_end, prompt_hash)
    where likely and score >= 5
    group by all
)

select
    prompt_hash,
    score,
    window_end - interval 3 day as window_start,
    window_end,
    images,
    refusals,
    accounts,
    event_id,
    members
from counted
left join named using (window_end, prompt_hash)
