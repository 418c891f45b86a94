using System.Text.Json;

using S3Overlay.Promote;
using S3Overlay.Promote.Sending;
using S3Overlay.Promote.Wire;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Tests.Model.Operations;

/// <summary>What happens while changes are promoted.</summary>
internal enum PromoteEvent
{
    Nothing,

    /// <summary>An object is written or deleted, at the remote or here.</summary>
    Change,

    /// <summary>A connection breaks.</summary>
    Cut,

    /// <summary>The command is stopped.</summary>
    Stop,
}

/// <summary>
/// An administrator promotes the changes of a key, a prefix or a bucket. Whatever happens at the same time, each change is at the remote or
/// still here, and nothing that no client has seen is replaced at the remote.
/// </summary>
/// <param name="Event">What happens at one of its requests of the remote.</param>
/// <param name="At">The number of that request.</param>
/// <param name="IsAfter">Whether it happens once the request has taken effect.</param>
/// <param name="Change">The change that happens, if that is it.</param>
internal sealed record PromoteChanges(
    int Bucket, string? Key, string Prefix, bool Force, bool Deletes, bool Keep, PromoteEvent Event = PromoteEvent.Nothing, int At = 0,
    bool IsAfter = false, ModelOperation? Change = null) : ModelOperation
{
    private static readonly WireKeys Keys = new("minioadmin", "minioadmin", null);

    public override IEnumerable<ModelDoubt> MayLeave(ModelScene scene) => Doubts(scene.Buckets[Bucket]);

    public override async Task RunAsync(ModelScene scene)
    {
        var bucket = scene.Buckets[Bucket];
        if (!bucket.Exists || bucket.IsOpaque)
        {
            return;
        }

        scene.SetFull(false);
        await scene.MendAsync();
        scene.LetDeletesEnd();
        var (doubts, ended) = (Doubts(bucket).ToList(), new HashSet<string>());
        using var stop = new CancellationTokenSource();
        scene.Upstream.Begin(Force, Event == PromoteEvent.Nothing ? -1 : At, IsAfter, async () =>
        {
            switch (Event)
            {
                case PromoteEvent.Cut:
                    throw new IOException("The connection breaks.");
                case PromoteEvent.Stop:
                    await stop.CancelAsync();
                    throw new IOException("The command was stopped.");
                default:
                    await Change!.RunAsync(scene);
                    break;
            }
        });
        try
        {
            await scene.CommandAsync(async death =>
            {
                using var end = CancellationTokenSource.CreateLinkedTokenSource(death, stop.Token);
                await SendAsync(scene, bucket, outcome =>
                {
                    if (!death.IsCancellationRequested)
                    {
                        ended.Add(outcome.Change.Key ?? "");
                        Check(scene, bucket, outcome);
                    }
                }, end.Token);
                return true;
            });
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await Aftermath.LookAsync(scene, bucket, [.. doubts.Where(doubt => !ended.Contains(doubt.Key))], isKnown: false);
            scene.Upstream.End();
            return;
        }

        scene.Upstream.End();
        var missing = doubts.Where(doubt => !ended.Contains(doubt.Key)).ToList();
        Expect.That(missing.Count == 0 || Event == PromoteEvent.Change, $"Not promoted: {string.Join("; ", missing)}");
    }

    private async Task SendAsync(ModelScene scene, ModelBucket bucket, Action<KeyOutcome> ended, CancellationToken cancellationToken)
    {
        using var objects = new S3Wire(scene.Address.Endpoint, static () => Task.FromResult(Keys), "us-east-1", Sign, isProxy: true);
        var options = new PromoteOptions
        {
            Keys = static () => Task.FromResult(Keys),
            Endpoint = scene.Upstream.Endpoint,
            Deletes = Deletes,
            Force = Force,
            Keep = Keep,
            Transfers = 1,
            StateFolder = scene.Files["uploads"],
        };
        var overlay = new ModelOverlay(scene, bucket, Key, Prefix, objects);
        await using var plan = await Plan.MakeAsync(overlay, options, cancellationToken);
        await new Promotion(overlay, options, Sign).RunAsync(plan, new Tally { Keys = plan.Keys }, outcome =>
        {
            ended(outcome);
            return Task.CompletedTask;
        }, static () => { }, cancellationToken);

        IEnumerable<KeyValuePair<string, string>> Sign(WireKeys keys, string region, WireTarget target) =>
            new RequestSigner(new SigningCredentials(keys.AccessKey, keys.SecretKey), region).Sign(
                target.Method, target.Host, target.Path, target.Query,
                target.Headers.Where(static header => RequestSigner.MustSign(header.Key)), SigV4.UnsignedPayload, scene.Now).Headers;
    }

    /// <summary>Checks what happened to a key, and notes it in the model.</summary>
    private void Check(ModelScene scene, ModelBucket bucket, KeyOutcome outcome)
    {
        // A wrong request is not answered: that is what went wrong, and not the outcome.
        scene.Upstream.Check();
        var (key, change) = (outcome.Change.Key!, outcome.Change);
        var written = bucket.Written.GetValueOrDefault(key);
        var isSameChange = written is null ? change.ETag is null && bucket.Tombstones.Contains(key) : written.ETag == change.ETag;
        switch (outcome.Outcome)
        {
            case Outcome.Sent or Outcome.Deleted or Outcome.Same:
                Expect.That(!outcome.IsReverted || isSameChange, $"{outcome}, and {written} was written here in between.");
                Expect.That(!outcome.IsReverted || outcome.Outcome != Outcome.Same || scene.Upstream.Has(bucket, key, written),
                    $"{outcome}, and the remote does not have it.");
                Expect.That(!outcome.IsReverted || outcome.Outcome != Outcome.Sent
                    || bucket.Remote.GetValueOrDefault(key)?.ETag == written!.ETag, $"{outcome}, and the remote shows something else.");
                Expect.That(outcome.IsReverted || Keep || Event != PromoteEvent.Nothing, $"{outcome}, and nothing happened in between.");
                break;
            case Outcome.Conflict:
                Expect.That(!Force || Event == PromoteEvent.Change, $"{outcome}, and it was forced.");
                break;
            case Outcome.Skipped:
                Expect.That(change.ETag is null && !Deletes, $"{outcome}, and it was asked for.");
                break;
            default:
                // Below the mapping's prefix, a key may be too long for the remote.
                Expect.That(Event == PromoteEvent.Change || ObjectKeys.IsTooLong(bucket.RemoteKey(key)),
                    $"{outcome}, and nothing happened in between.");
                break;
        }

        if (outcome.IsReverted)
        {
            bucket.Revert(key);
            scene.Absences.Forget(scene.Proxy, bucket, key);
        }
    }

    private IEnumerable<ModelDoubt> Doubts(ModelBucket bucket) => bucket.Changed()
        .Where(key => Key is null ? key.StartsWith(Prefix, StringComparison.Ordinal) : key == Key)
        .Select(key => new ModelDoubt(bucket, key, ModelEffect.Promoted, bucket.Written.GetValueOrDefault(key)));

    /// <summary>The proxy, whose methods are called on the clock of the model.</summary>
    private sealed class ModelOverlay(ModelScene scene, ModelBucket bucket, string? key, string prefix, S3Wire objects) : IOverlay
    {
        public S3Wire Objects => objects;

        public async IAsyncEnumerable<ChangedKey> ChangesAsync(
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            var response = await scene.AdministerAsync("GET", $"/-/v1/changes?bucket={bucket.Name}&"
                + (key is null ? $"prefix={Uri.EscapeDataString(prefix)}" : $"key={Uri.EscapeDataString(key)}"));
            var lines = response.Text.TrimEnd('\n').Split('\n');
            if (SceneRequests.IsMissing(JsonDocument.Parse(lines[^1]).RootElement, bucket, key))
            {
                yield break;
            }

            Expect.That(response.Status == 200 && lines[^1].Contains("\"done\":true", StringComparison.Ordinal),
                $"Changes: {response.Text}");
            foreach (var line in lines[..^1])
            {
                var json = JsonDocument.Parse(line).RootElement;
                var place = json.GetProperty("place");
                string? Text(JsonElement of, string name) => of.ValueKind == JsonValueKind.Null ? null : of.GetProperty(name).GetString();
                var kind = Text(json, "kind")!.Replace("-", "", StringComparison.Ordinal);
                yield return new ChangedKey(bucket.Name, Text(json, "key"), Enum.Parse<ChangedKind>(kind, ignoreCase: true),
                    Enum.Parse<UpstreamChange>(Text(json, "upstream")!, ignoreCase: true))
                {
                    Size = json.GetProperty("written") is { ValueKind: JsonValueKind.Object } written
                        ? written.GetProperty("size").GetInt64() : 0,
                    ETag = Text(json.GetProperty("written"), "etag"),
                    RemoteETag = Text(json.GetProperty("remote"), "etag"),
                    Place = new("", Text(place, "endpoint")!, Text(place, "bucket")!, Text(place, "key")!),
                    Stamp = Text(json, "stamp"),
                };
            }
        }

        public async Task<RevertAnswer> RevertAsync(ChangedKey change, string? shows, CancellationToken cancellationToken)
        {
            var response = await scene.AdministerAsync("POST", $"/-/v1/revert?bucket={bucket.Name}&key={Uri.EscapeDataString(change.Key!)}"
                + $"&only={Uri.EscapeDataString(change.Stamp!)}"
                + (shows is null ? "" : $"&shows={Uri.EscapeDataString(S3Overlay.Promote.Wire.ETags.Quoted(shows))}"));
            var json = JsonDocument.Parse(response.Text.TrimEnd('\n').Split('\n')[^1]).RootElement;
            return json.TryGetProperty("reverted", out var reverted) && reverted.GetInt64() > 0 ? RevertAnswer.Reverted
                : json.TryGetProperty("added", out var added) && added.GetInt64() > 0 ? RevertAnswer.NotShown
                : json.TryGetProperty("changed", out _) ? RevertAnswer.Changed : throw new WireException(response.Text);
        }
    }
}
