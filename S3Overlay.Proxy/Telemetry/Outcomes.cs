namespace S3Overlay.Proxy.Telemetry;

/// <summary>How requests and fills end: values of <see cref="SpanAttributes.Outcome"/>, and labels of metrics.</summary>
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
}
