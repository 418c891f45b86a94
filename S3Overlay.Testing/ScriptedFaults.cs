namespace S3Overlay.Testing;

/// <summary>
/// Failures of a scripted remote, for all requests to a target or the next few. A test can add and remove them while requests run. Several
/// add up: a request first waits, then fails, or is cut.
/// </summary>
public static class ScriptedFaults
{
    /// <summary>Requests fail with an S3 error.</summary>
    /// <param name="target">An object, a bucket or the remote.</param>
    /// <param name="status">The status.</param>
    /// <param name="code">The error's code; null for S3's usual one of that status.</param>
    /// <param name="times">How many requests.</param>
    public static T Fails<T>(this T target, int status, string? code = null, int times = int.MaxValue)
        where T : ScriptedTarget
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(status, 400);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(status, 599);
        return Add(target, new ScriptedFault { Left = times, Error = (status, code ?? CodeOf(status)) });
    }

    /// <summary>Responses begin after a delay, on the remote's clock.</summary>
    /// <param name="target">An object, a bucket or the remote.</param>
    /// <param name="delay">The delay.</param>
    /// <param name="times">How many requests.</param>
    public static T Waits<T>(this T target, TimeSpan delay, int times = int.MaxValue)
        where T : ScriptedTarget => Add(target, new ScriptedFault { Left = times, Delay = delay });

    /// <summary>Responses begin once a task has finished, whatever its outcome.</summary>
    /// <param name="target">An object, a bucket or the remote.</param>
    /// <param name="until">The task.</param>
    /// <param name="times">How many requests.</param>
    public static T Waits<T>(this T target, Task until, int times = int.MaxValue)
        where T : ScriptedTarget
    {
        ArgumentNullException.ThrowIfNull(until);
        return Add(target, new ScriptedFault { Left = times, Until = until });
    }

    /// <summary>The connection closes within the body of a GET, although its headers announced all of it.</summary>
    /// <param name="target">An object, a bucket or the remote.</param>
    /// <param name="after">How many bytes of the body are sent before.</param>
    /// <param name="times">How many requests.</param>
    public static T Cuts<T>(this T target, long after, int times = int.MaxValue)
        where T : ScriptedTarget
    {
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        return Add(target, new ScriptedFault { Left = times, CutAfter = after });
    }

    /// <summary>
    /// Removes the failures of this target and of everything in it. Those of a bucket stay when an object of it recovers.
    /// </summary>
    public static T Recovers<T>(this T target)
        where T : ScriptedTarget
    {
        ArgumentNullException.ThrowIfNull(target);
        target.RemoveFaults();
        return target;
    }

    private static T Add<T>(T target, ScriptedFault fault)
        where T : ScriptedTarget
    {
        ArgumentNullException.ThrowIfNull(target);
        target.Add(fault);
        return target;
    }

    private static string CodeOf(int status) => status switch
    {
        403 => "AccessDenied",
        404 => "NoSuchKey",
        412 => "PreconditionFailed",
        429 => "SlowDown",
        501 => "NotImplemented",
        503 => "ServiceUnavailable",
        >= 500 => "InternalError",
        _ => "InvalidRequest",
    };
}

/// <summary>One failure of a target.</summary>
internal sealed class ScriptedFault
{
    /// <summary>How many more requests it applies to.</summary>
    public required int Left { get; set; }

    public (int Status, string Code)? Error { get; init; }

    public TimeSpan Delay { get; init; }

    public Task Until { get; init; } = Task.CompletedTask;

    public long? CutAfter { get; init; }
}
