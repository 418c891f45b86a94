namespace S3Overlay.Proxy.Telemetry;

/// <summary>How requests and fills end, in a word: values of <see cref="SpanAttributes.Outcome"/>, and labels of metrics.</summary>
public static class Outcomes
{
    /// <summary>As it was meant to.</summary>
    public const string Ok = "ok";

    /// <summary>With an error that the client is told for its own request.</summary>
    public const string Refused = "refused";

    /// <summary>With an error that is not the client's fault.</summary>
    public const string Failed = "failed";

    /// <summary>The client went away first.</summary>
    public const string Left = "left";

    /// <summary>The client's connection was cut, since what was begun could not be finished.</summary>
    public const string Cut = "cut";

    /// <summary>The key is deleted here.</summary>
    public const string Deleted = "deleted";

    /// <summary>A fill was given up, since nobody reads any more, or nobody may.</summary>
    public const string Dropped = "dropped";

    /// <summary>Another fill had brought it all by the time this one began.</summary>
    public const string NotNeeded = "not needed";

    /// <summary>The remote's answer cannot be held: it has no strong ETag, or there is no room.</summary>
    public const string NotHeld = "not held";

    /// <summary>What a fill brought could not be stored.</summary>
    public const string NotStored = "not stored";

    /// <summary>The bytes came whole, and are not those that their ETag promises.</summary>
    public const string Mismatch = "mismatch";
}
