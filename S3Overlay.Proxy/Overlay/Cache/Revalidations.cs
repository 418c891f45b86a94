using System.Diagnostics;

using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache;

/// <summary>
/// Asks the remote whether cached versions are current (rule S1). Reads of the same version share one request, which no single read can
/// cancel.
/// </summary>
/// <remarks>
/// <code>
///   HEAD, If-None-Match: the entry's ETag
///     304, or 200 with that ETag    renew the entry; if Last-Modified differs, take over the headers
///     another ETag                  evict the entry
///     404                           evict the entry
///     anything else                 keep the entry
/// </code>
/// A read that needs a verdict from after its own start does not join a request that is already under way. It waits for the next one,
/// together with all reads that arrive until then.
/// </remarks>
internal sealed class Revalidations(ReadSettings settings, Fills fills, RevalidationBudget budget, NegativeCache absent,
    TimeProvider time, ProxyMeters? meters)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Subject, Check> _checks = [];

    public int UnderWay
    {
        get
        {
            lock (_lock)
            {
                return _checks.Count;
            }
        }
    }

    /// <summary>Starts a request, or joins one.</summary>
    /// <param name="name">The object.</param>
    /// <param name="remote">Its remote bucket.</param>
    /// <param name="known">The cached version.</param>
    /// <param name="isFromNow">Whether the request must start after this call.</param>
    /// <returns>The verdict, which never fails, and how long the request has been running.</returns>
    public (Task<RevalidationOutcome> Verdict, TimeSpan Waiting) Ask(ObjectName name, RemoteBucket remote, ObjectInfo known, bool isFromNow)
    {
        var subject = new Subject(name, known.ETag);
        lock (_lock)
        {
            if (!_checks.TryGetValue(subject, out var check))
            {
                check = Begin(subject, remote, known);
            }
            else if (isFromNow && check.Sent is not null)
            {
                check = check.Next ??= new Check();
            }

            return (check.Verdict.Task, check.Sent is { } sent ? time.GetElapsedTime(sent) : TimeSpan.Zero);
        }
    }

    /// <summary>Starts a request; null if one is under way.</summary>
    public Task<RevalidationOutcome>? TryAskAsync(ObjectName name, RemoteBucket remote, ObjectInfo known)
    {
        var subject = new Subject(name, known.ETag);
        lock (_lock)
        {
            return _checks.ContainsKey(subject) ? null : Begin(subject, remote, known).Verdict.Task;
        }
    }

    private Check Begin(Subject subject, RemoteBucket remote, ObjectInfo known)
    {
        var check = new Check();
        _checks.Add(subject, check);
        _ = Task.Run(() => RunAsync(subject, check, remote, known));
        return check;
    }

    /// <summary>Runs a request, and then the next one that was queued during it.</summary>
    private async Task RunAsync(Subject subject, Check check, RemoteBucket remote, ObjectInfo known)
    {
        while (true)
        {
            lock (_lock)
            {
                check.Sent = time.GetTimestamp();
            }

            RevalidationOutcome outcome;
            try
            {
                outcome = await AskRemoteAsync(subject.Name, remote, known);
            }
            catch (Exception unexpected)
            {
                // No read may wait forever.
                outcome = Unforeseen(unexpected);
            }

            Check? next;
            lock (_lock)
            {
                next = check.Next;
                if (next is null)
                {
                    _checks.Remove(subject);
                }
                else
                {
                    _checks[subject] = next;
                }
            }

            check.Verdict.SetResult(outcome);
            if (next is null)
            {
                return;
            }

            known = outcome is { Result: RevalidationResult.Same, Info: { } renewed } ? renewed : known;
            check = next;
        }
    }

    /// <summary>Asks the remote, and updates the entry.</summary>
    private async Task<RevalidationOutcome> AskRemoteAsync(ObjectName name, RemoteBucket remote, ObjectInfo known)
    {
        var asked = time.GetUtcNow();
        using var span = Tracing.Start(SpanNames.Revalidation);
        var outcome = await OutcomeAsync(name, remote, known);
        var word = WordOf(outcome.Result);
        span?.SetTag(SpanAttributes.Outcome, word);
        meters?.Revalidated(word);
        if (outcome.Result == RevalidationResult.Unknown)
        {
            budget.NoteSilence(remote, name.Key, outcome.Failure!);
            span.Fail(outcome.Failure!.Failure.ToString());
            return outcome;
        }

        budget.NoteVerdict(remote, name.Key);
        if (outcome.Result != RevalidationResult.Same)
        {
            await fills.EvictAsync(name, known.ETag);
        }
        else if (outcome.Info is not null || settings.Revalidation.Mode != RevalidationMode.Always)
        {
            // With always, the next read asks again anyway: do not store the time.
            await fills.RenewAsync(name, known.ETag, asked, outcome.Info);
        }

        return outcome;
    }

    private static RevalidationOutcome Unforeseen(Exception unexpected) =>
        new(RevalidationResult.Unknown, Failure: new RemoteException(RemoteFailure.Unavailable,
            "A revalidation failed unexpectedly.", unexpected));

    private static string WordOf(RevalidationResult result) => result switch
    {
        RevalidationResult.Same => "same",
        RevalidationResult.Changed => "changed",
        RevalidationResult.Gone => "gone",
        _ => "unknown",
    };

    private async Task<RevalidationOutcome> OutcomeAsync(ObjectName name, RemoteBucket remote, ObjectInfo known)
    {
        try
        {
            return await absent.AskAsync(name, (remote, name.Key, known),
                static about => CompareAsync(about.remote, about.Key, about.known));
        }
        catch (Exception unexpected)
        {
            return Unforeseen(unexpected);
        }
    }

    private static async Task<RevalidationOutcome> CompareAsync(RemoteBucket remote, string key, ObjectInfo known)
    {
        var read = remote.Read(key);
        return await CompareAsync(remote, read with { IfNoneMatch = known.ETag }, known)
            ?? await CompareAsync(remote, read, known)
            ?? new(RevalidationResult.Unknown, Failure: new RemoteException(
                RemoteFailure.Other, "The remote responded 304 to a request without conditions.") { Status = 304 });
    }

    /// <summary>
    /// Requests the object's headers. Null if the bytes are the same but the headers differ, and the response did not carry them.
    /// </summary>
    private static async Task<RevalidationOutcome?> CompareAsync(RemoteBucket remote, RemoteRead read, ObjectInfo known)
    {
        var head = await remote.Remote.TryHeadAsync(read, CancellationToken.None);
        if (head.Found is not { Info: var info })
        {
            return head.Failure!.Failure switch
            {
                RemoteFailure.NotModified when head.Failure.LastModified is { } date && !IsOf(date, known) => null,
                RemoteFailure.NotModified => new(RevalidationResult.Same),
                RemoteFailure.NoSuchKey or RemoteFailure.NoSuchBucket => new(RevalidationResult.Gone, Failure: head.Failure),
                _ => new(RevalidationResult.Unknown, Failure: head.Failure),
            };
        }

        return !ETags.IsStrong(info.ETag) || !ETags.Same(info.ETag, known.ETag) || info.Size != known.Size
            ? new(RevalidationResult.Changed, info)
            : IsOf(info.LastModified, known) && (known.AreChecksumsKnown || !info.AreChecksumsKnown) ? new(RevalidationResult.Same)
            : new(RevalidationResult.Same, info.OrChecksumsOf(known));
    }

    private static bool IsOf(DateTimeOffset date, ObjectInfo known) => HttpDates.WholeSeconds(date) == HttpDates
        .WholeSeconds(known.LastModified);

    private readonly record struct Subject(ObjectName Name, string ETag);

    /// <summary>A request, and all who wait for it.</summary>
    private sealed class Check
    {
        public TaskCompletionSource<RevalidationOutcome> Verdict { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>When it was sent; null before.</summary>
        public long? Sent { get; set; }

        /// <summary>The queued request, if a read waits for it.</summary>
        public Check? Next { get; set; }
    }
}

/// <summary>The remote's verdict on a cached version.</summary>
/// <param name="Result">The verdict.</param>
/// <param name="Info">
/// For the same version: its headers, if they differ from the entry's. For a changed object: the new version's. Else null.
/// </param>
/// <param name="Failure">Why the remote did not deliver the object.</param>
internal sealed record RevalidationOutcome(RevalidationResult Result, ObjectInfo? Info = null, RemoteException? Failure = null)
    : IRemoteOutcome;

internal enum RevalidationResult
{
    /// <summary>The version is current: the entry is renewed.</summary>
    Same,

    /// <summary>The object has another version: the entry was evicted.</summary>
    Changed,

    /// <summary>The object no longer exists: the entry was evicted.</summary>
    Gone,

    /// <summary>No verdict: no response, or a refusal. The entry was kept.</summary>
    Unknown,
}
