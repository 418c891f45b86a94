namespace S3Overlay.Tests.Model;

/// <summary>How a store call fails.</summary>
internal enum StoreFault
{
    /// <summary>The response is 500, and the call has no effect.</summary>
    Error,

    /// <summary>The response is 503, and the call has no effect.</summary>
    Busy,

    /// <summary>The connection is cut before it takes effect.</summary>
    CutBefore,

    /// <summary>There is no response and no effect.</summary>
    Hang,

    /// <summary>The connection is cut after it takes effect, before the response.</summary>
    CutAfter,
}
