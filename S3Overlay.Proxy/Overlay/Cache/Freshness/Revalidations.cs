using System.Diagnostics;

using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Cache.Filling;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>
/// Asks the remote whether versions that are held are current still (rule S1): one question at a time for each, however many readers wait
/// for its answer, and apart from all of them, so that the one who happened to be first can leave.
/// </summary>
/// <remarks>
/// <code>
///   HEAD, If-None-Match: the copy's ETag
///     304, or 200 with that ETag    the copy is as good as new; where Last-Modified is another, its headers are taken over
///     another ETag                  the copy is dropped
///     404                           the copy is dropped
///     anything else                 the copy is kept
/// </code>
/// A reader who must have the remote's word from after his own request does not take the answer to a question that was asked before it: he
/// waits for the next one, with all who came meanwhile.
/// </remarks>
internal sealed class Revalidations(FreshnessSettings settings, ICachedVersions held, RevalidationBudget patience, NegativeCache absent,
    TimeProvider time, OverlayMeters? meters)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Subject, Question> _questions = [];

    /// <summary>How many questions are on their way.</summary>
    public int UnderWay
    {
        get
        {
            lock (_lock)
            {
                return _questions.Count;
            }
        }
    }

    /// <summary>Asks, or joins those who do.</summary>
    /// <param name="name">The object.</param>
    /// <param name="remote">Where it is.</param>
    /// <param name="known">The version that is held.</param>
    /// <param name="isFromNow">Whether the question must be put after this call.</param>
    /// <returns>The answer, which never fails, and how long the question has been on its way.</returns>
    public (Task<RevalidationOutcome> Answer, TimeSpan Waiting) Ask(ObjectName name, RemoteBucket remote, ObjectInfo known, bool isFromNow)
    {
        var subject = new Subject(name, known.ETag);
        lock (_lock)
        {
            if (!_questions.TryGetValue(subject, out var question))
            {
                question = Begin(subject, remote, known);
            }
            else if (isFromNow && question.Put is not null)
            {
                question = question.Next ??= new Question();
            }

            return (question.Answer.Task, question.Put is { } put ? time.GetElapsedTime(put) : TimeSpan.Zero);
        }
    }

    /// <summary>Asks where nobody does; null where somebody does.</summary>
    public Task<RevalidationOutcome>? TryAskAsync(ObjectName name, RemoteBucket remote, ObjectInfo known)
    {
        var subject = new Subject(name, known.ETag);
        lock (_lock)
        {
            return _questions.ContainsKey(subject) ? null : Begin(subject, remote, known).Answer.Task;
        }
    }

    private Question Begin(Subject subject, RemoteBucket remote, ObjectInfo known)
    {
        var question = new Question();
        _questions.Add(subject, question);
        _ = Task.Run(() => RunAsync(subject, question, remote, known));
        return question;
    }

    /// <summary>Puts a question, and then the one that others wait for meanwhile.</summary>
    private async Task RunAsync(Subject subject, Question question, RemoteBucket remote, ObjectInfo known)
    {
        while (true)
        {
            lock (_lock)
            {
                question.Put = time.GetTimestamp();
            }

            RevalidationOutcome outcome;
            try
            {
                outcome = await AskRemoteAsync(subject.Name, remote, known);
            }
            catch (Exception unexpected)
            {
                // Whoever waits must not wait for ever.
                outcome = Unforeseen(unexpected);
            }

            Question? next;
            lock (_lock)
            {
                next = question.Next;
                if (next is null)
                {
                    _questions.Remove(subject);
                }
                else
                {
                    _questions[subject] = next;
                }
            }

            question.Answer.SetResult(outcome);
            if (next is null)
            {
                return;
            }

            known = outcome is { Result: RevalidationResult.Same, Info: { } renewed } ? renewed : known;
            question = next;
        }
    }

    /// <summary>Asks, and does to the copy what the answer means for it.</summary>
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
            patience.NotTold(remote, name.Key, outcome.Failure!);
            span.Fail(outcome.Failure!.Failure.ToString());
            return outcome;
        }

        patience.Told(remote, name.Key);
        if (outcome.Result != RevalidationResult.Same)
        {
            await held.DropAsync(name, known.ETag);
        }
        else if (outcome.Info is not null || settings.Revalidation.Mode != RevalidationMode.Always)
        {
            // Under always the next reader asks again: when this one did need not be kept.
            await held.RenewAsync(name, known.ETag, asked, outcome.Info);
        }

        return outcome;
    }

    private static RevalidationOutcome Unforeseen(Exception unexpected) =>
        new(RevalidationResult.Unknown, Failure: new RemoteException(RemoteFailure.Unavailable,
            "A question to the remote ended for a reason nobody foresaw.", unexpected));

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
        catch (RemoteException gone) when (gone.Failure is RemoteFailure.NoSuchKey or RemoteFailure.NoSuchBucket)
        {
            return new(RevalidationResult.Gone, Failure: gone);
        }
        catch (RemoteException failure)
        {
            return new(RevalidationResult.Unknown, Failure: failure);
        }
        catch (Exception unexpected)
        {
            return Unforeseen(unexpected);
        }
    }

    private static async Task<RevalidationOutcome> CompareAsync(RemoteBucket remote, string key, ObjectInfo known)
    {
        var read = RemoteReads.Whole(remote, key);
        return await CompareAsync(remote, read with { IfNoneMatch = known.ETag }, known)
            ?? await CompareAsync(remote, read, known)
            ?? throw new RemoteException(RemoteFailure.Other, "The remote answered 304 to a request without conditions.") { Status = 304 };
    }

    /// <summary>
    /// Asks for the object's headers; null where they are others than the copy's, though the bytes are the same, and the answer did not
    /// hold them.
    /// </summary>
    private static async Task<RevalidationOutcome?> CompareAsync(RemoteBucket remote, RemoteRead read, ObjectInfo known)
    {
        try
        {
            await using var head = await remote.Remote.HeadAsync(read, CancellationToken.None);
            var info = head.Info;
            return !ETags.IsStrong(info.ETag) || !ETags.Same(info.ETag, known.ETag) || info.Size != known.Size
                ? new(RevalidationResult.Changed, info)
                : IsOf(info.LastModified, known) && (known.AreChecksumsKnown || !info.AreChecksumsKnown) ? new(RevalidationResult.Same)
                : new(RevalidationResult.Same, info.OrChecksumsOf(known));
        }
        catch (RemoteException same) when (same.Failure == RemoteFailure.NotModified)
        {
            return same.LastModified is { } date && !IsOf(date, known) ? null : new(RevalidationResult.Same);
        }
    }

    private static bool IsOf(DateTimeOffset date, ObjectInfo known) => HttpDates.WholeSeconds(date) == HttpDates
        .WholeSeconds(known.LastModified);

    /// <summary>The version of an object that a question is about.</summary>
    private readonly record struct Subject(ObjectName Name, string ETag);

    /// <summary>A question, with all who wait for its answer.</summary>
    private sealed class Question
    {
        public TaskCompletionSource<RevalidationOutcome> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>When it was put; null while it is not on its way yet.</summary>
        public long? Put { get; set; }

        /// <summary>The one after it, where somebody waits for that.</summary>
        public Question? Next { get; set; }
    }
}
