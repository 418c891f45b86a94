using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model;

/// <summary>What is wrong with the remote, and how often it is asked.</summary>
internal sealed class RemoteTrouble
{
    private int _failures;
    private int _cutAfter = -1;
    private int _asked;

    /// <summary>Whether it answers nothing at all.</summary>
    public bool IsDown { get; set; }

    /// <summary>How many requests for objects and listings there were.</summary>
    public int Asked => Volatile.Read(ref _asked);

    /// <summary>The next so many requests fail; whoever asks again is answered.</summary>
    public void FailNext(int count) => Volatile.Write(ref _failures, count);

    /// <summary>The next body ends after so many bytes.</summary>
    public void CutNext(int after) => Volatile.Write(ref _cutAfter, after);

    /// <summary>Nothing is wrong any more.</summary>
    public void End()
    {
        IsDown = false;
        FailNext(0);
        CutNext(-1);
    }

    /// <summary>The remote's script.</summary>
    public async Task<ScriptedOutcome> AnswerAsync(ScriptedRequest request, HttpContext context)
    {
        if (request.Key.Length > 0 || request.Method == "GET")
        {
            Interlocked.Increment(ref _asked);
        }

        if (IsDown)
        {
            context.Abort();
            return ScriptedOutcome.Answered;
        }

        if (Volatile.Read(ref _failures) > 0)
        {
            Interlocked.Decrement(ref _failures);
            await ScriptedRemote.AnswerErrorAsync(context, StatusCodes.Status503ServiceUnavailable, "SlowDown");
            return ScriptedOutcome.Answered;
        }

        return request is { Method: "GET", Key.Length: > 0 } && Interlocked.Exchange(ref _cutAfter, -1) is var cut and >= 0
            ? new ScriptedOutcome { CutAfter = cut }
            : ScriptedOutcome.AsUsual;
    }
}
