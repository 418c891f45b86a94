namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>
/// What a client said of copies in the Cache-Control header of a read (rule S3). Of the directives in RFC 9111 these alone count here.
/// </summary>
[Flags]
internal enum ReadDirectives
{
    /// <summary>Nothing: the settings decide.</summary>
    None = 0,

    /// <summary><c>no-cache</c>: a copy is compared with the remote first.</summary>
    Compare = 1,

    /// <summary><c>no-store</c>: the remote's object, past all copies; none is kept.</summary>
    Bypass = 2,

    /// <summary><c>only-if-cached</c>: a copy or nothing; the remote is not asked.</summary>
    OnlyHeld = 4,
}
