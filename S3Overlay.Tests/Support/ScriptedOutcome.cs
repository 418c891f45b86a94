namespace S3Overlay.Tests.Support;

/// <summary>How a scripted remote continues with a request.</summary>
public sealed record ScriptedOutcome
{
    /// <summary>As a server should.</summary>
    public static readonly ScriptedOutcome AsUsual = new();

    /// <summary>The script has sent the response.</summary>
    public static readonly ScriptedOutcome Answered = new() { IsAnswered = true };

    /// <summary>Whether the script has sent the response.</summary>
    public bool IsAnswered { get; private init; }

    /// <summary>Cuts the connection after this many body bytes.</summary>
    public long? CutAfter { get; init; }

    /// <summary>Send the body in pieces, and nothing of how long it is.</summary>
    public bool IsUnmeasured { get; init; }

    /// <summary>Waits after this many body bytes until the gate opens.</summary>
    public (long Bytes, TaskCompletionSource Open)? GateAfter { get; init; }
}
