using System.Collections.Concurrent;

using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model;

/// <summary>The trouble of the remote, and the number of its requests.</summary>
internal sealed class RemoteTrouble
{
    private int _failures;
    private int _cutAfter = -1;
    private readonly ConcurrentQueue<ScriptedRequest> _asked = new();
    private bool _began;
    private readonly HashSet<(int Proxy, ModelBucket Bucket)> _told = [];

    /// <summary>Whether it does not respond at all.</summary>
    public bool IsDown
    {
        get;
        set
        {
            field = value;
            Begin(value);
        }
    }

    public bool IsOn => IsDown || Volatile.Read(ref _failures) > 0;

    /// <summary>
    /// Whether a proxy may consider the remote down, and so serve a stale entry.
    /// </summary>
    public bool MayNotTell(int proxy, ModelBucket bucket) => _began && !_told.Contains((proxy, bucket));

    /// <summary>A proxy has a reason to.</summary>
    public void Suspect(int proxy, ModelBucket bucket)
    {
        _began = true;
        _told.Remove((proxy, bucket));
    }

    /// <summary>It responded to a revalidation.</summary>
    public void Told(int proxy, ModelBucket bucket)
    {
        if (!IsOn)
        {
            _told.Add((proxy, bucket));
        }
    }

    /// <summary>The number of requests for objects and listings.</summary>
    public int Asked => _asked.Count;

    /// <summary>The requests after the given number of them.</summary>
    public IReadOnlyList<ScriptedRequest> AskedSince(int count) => [.. _asked.Skip(count)];

    /// <summary>The next requests fail, and their retries succeed.</summary>
    public void FailNext(int count)
    {
        Volatile.Write(ref _failures, count);
        Begin(count > 0);
    }

    /// <summary>Cuts the next body after a number of bytes.</summary>
    public void CutNext(int after) => Volatile.Write(ref _cutAfter, after);

    /// <summary>Nothing is wrong any more.</summary>
    public void End()
    {
        IsDown = false;
        FailNext(0);
        CutNext(-1);
    }

    public async Task<ScriptedOutcome> AnswerAsync(ScriptedRequest request, HttpContext context)
    {
        if (request.Key.Length > 0 || request.Method == "GET")
        {
            _asked.Enqueue(request);
        }

        if (IsDown)
        {
            context.Abort();
            return ScriptedOutcome.Answered;
        }

        if (Volatile.Read(ref _failures) > 0)
        {
            Interlocked.Decrement(ref _failures);
            await ScriptedRemote.RespondErrorAsync(context, StatusCodes.Status503ServiceUnavailable, "SlowDown");
            return ScriptedOutcome.Answered;
        }

        return request is { Method: "GET", Key.Length: > 0 } && Interlocked.Exchange(ref _cutAfter, -1) is var cut and >= 0
            ? new ScriptedOutcome { CutAfter = cut }
            : ScriptedOutcome.AsUsual;
    }

    private void Begin(bool really)
    {
        if (really)
        {
            _began = true;
            _told.Clear();
        }
    }
}
