namespace S3Overlay.Tests.Model;

/// <summary>The Cache-Control directive of a read (rule S3).</summary>
internal enum ModelDirective
{
    None,

    /// <summary><c>no-cache</c>: revalidates the entry.</summary>
    NoCache,

    /// <summary><c>no-store</c>: bypasses the cache.</summary>
    NoStore,

    /// <summary><c>only-if-cached</c>: an entry or an error.</summary>
    OnlyIfCached,
}
