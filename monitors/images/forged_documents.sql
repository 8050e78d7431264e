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
days; all but a few prompts of the forgers have 10 or more, of the slow and evasive ones too.

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
with made as (
    select
        period."end" as window_end,
        prompt_hash,
        account_id,
        occurred_at,
        event_id,
        refused,
        score_document,
        coalesce(score_document >= 0.3, false) as likely
    from period
    inner join images
        on
            occurred_at >= period."end" - interval 3 day
            and occurred_at < period."end"
    where prompt_hash is not null
)

select
    prompt_hash,
    case
        when count(score_document) = 0 then null
        when avg(score_document) < 0.2 then 0
        else count(*) filter (where likely)
    end::double as score,
    window_end - interval 3 day as window_start,
    window_end,
    count(*) as images,
    count(*) filter (where likely and refused) as refusals,
    count(distinct account_id) filter (where likely) as accounts,
    min(event_id) filter (where likely) as event_id,
    list_sort(list(distinct account_id) filter (where likely))[:100] as members
from made
group by prompt_hash, window_end
having max(occurred_at) >= window_end - interval 1 day
