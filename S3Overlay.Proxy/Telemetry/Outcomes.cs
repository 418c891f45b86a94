namespace S3Overlay.Proxy.Telemetry;

/// <summary>How requests and fills end: values of <see cref="SpanAttributes.Outcome"/> and metric labels.</summary>
public static class Outcomes
{
    /// <summary>Success.</summary>
    public const string Ok = "ok";

    /// <summary>An error that the client caused.</summary>
    public const string Refused = "refused";

    /// <summary>An error that the client did not cause.</summary>
    public const string Failed = "failed";

    /// <summary>The client disconnected first.</summary>
    public const string Left = "left";

    /// <summary>The connection was cut, because a started response could not be finished.</summary>
    public const string Cut = "cut";

    /// <summary>The key is deleted here.</summary>
    public const string Deleted = "deleted";

    /// <summary>The fill was abandoned: it has no readers left, or none may read it.</summary>
    public const string Dropped = "dropped";

    /// <summary>Another fill had all bytes when this one began.</summary>
    public const string NotNeeded = "not needed";

    /// <summary>The remote's response cannot be cached: no strong ETag, or no room.</summary>
    public const string NotHeld = "not held";

    /// <summary>The filled bytes could not be stored.</summary>
    public const string NotStored = "not stored";

    /// <summary>The bytes do not match their ETag.</summary>
    public const string Mismatch = "mismatch";
}
