namespace S3Overlay.Tests.Model;

/// <summary>The Cache-Control directive of a read (rule S3).</summary>
internal enum ModelDirective
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary><c>no-cache</c>: the remote's word is asked for.</summary>
    NoCache,

    /// <summary><c>no-store</c>: the remote's object, past all copies.</summary>
    NoStore,

    /// <summary><c>only-if-cached</c>: a copy, or nothing.</summary>
    OnlyIfCached,
}
