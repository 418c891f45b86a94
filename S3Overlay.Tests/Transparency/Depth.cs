namespace S3Overlay.Tests.Transparency;

/// <summary>How much of a response is compared.</summary>
public enum Depth
{
    All,

    /// <summary>Status and headers; the body is about more than the scenario's own bucket.</summary>
    Head,

    /// <summary>Status and error code: a refusal of the front door, which has words of its own.</summary>
    Code,
}
