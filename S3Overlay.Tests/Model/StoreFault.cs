namespace S3Overlay.Tests.Model;

/// <summary>How a store call fails.</summary>
internal enum StoreFault
{
    /// <summary>It is answered 500, and has no effect.</summary>
    Error,

    /// <summary>It is answered 503, and has no effect.</summary>
    Busy,

    /// <summary>The connection is cut before it takes effect.</summary>
    CutBefore,

    /// <summary>It is not answered, and has no effect.</summary>
    Hang,

    /// <summary>The connection is cut when it has taken effect, before the answer.</summary>
    CutAfter,
}
