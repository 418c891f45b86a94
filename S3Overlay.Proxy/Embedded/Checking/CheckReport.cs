namespace S3Overlay.Proxy.Embedded.Checking;

/// <summary>What a check looks at and may change.</summary>
public sealed record CheckOptions
{
    /// <summary>True to repair what can be repaired.</summary>
    public bool MustRepair { get; init; }

    /// <summary>True to read all stored bytes and compare them with their checksums.</summary>
    public bool IsDeep { get; init; }

    /// <summary>True to take lost files back even if a delete of their key may have been forgotten.</summary>
    public bool MustAdopt { get; init; }

    /// <summary>True to delete the lost files that are left in the end.</summary>
    public bool MustEmptyLost { get; init; }
}

/// <summary>What a check found and did.</summary>
public sealed class CheckReport
{
    /// <summary>Written objects.</summary>
    public long Objects { get; internal set; }

    /// <summary>Their bytes.</summary>
    public long Bytes { get; internal set; }

    /// <summary>Open multipart uploads.</summary>
    public long Uploads { get; internal set; }

    /// <summary>Tombstones.</summary>
    public long Tombstones { get; internal set; }

    /// <summary>Files in <c>lost/</c> when the check ended.</summary>
    public IReadOnlyList<LostFile> Lost { get; internal set; } = [];

    /// <summary>Everything that is wrong, in the order in which it was found.</summary>
    public IReadOnlyList<CheckProblem> Problems => _problems;

    /// <summary>What was changed.</summary>
    public IReadOnlyList<string> Done => _done;

    /// <summary>True if nothing is wrong, or everything was repaired.</summary>
    public bool IsSound => _problems.TrueForAll(static problem => problem.IsRepaired);

    private readonly List<CheckProblem> _problems = [];
    private readonly List<string> _done = [];

    internal void Add(string what, string? bucket = null, string? key = null, bool isRepaired = false) =>
        _problems.Add(new CheckProblem(what, bucket, key, isRepaired));

    internal void Did(string what) => _done.Add(what);
}

/// <summary>One thing that is wrong.</summary>
/// <param name="What">A sentence.</param>
/// <param name="Bucket">The object's bucket; null if it is not about an object.</param>
/// <param name="Key">The object's key, or null.</param>
/// <param name="IsRepaired">True if the check repaired it.</param>
public sealed record CheckProblem(string What, string? Bucket, string? Key, bool IsRepaired);

/// <summary>A file that no row names.</summary>
/// <param name="File">Its name in <c>lost/</c>.</param>
/// <param name="Bucket">Its object's bucket; null if its header is unreadable.</param>
/// <param name="Key">Its object's key, or null.</param>
/// <param name="Size">Bytes of the object or part; 0 if unknown.</param>
/// <param name="Modified">The object's date, or null.</param>
/// <param name="Why">Why the check leaves it there.</param>
public sealed record LostFile(string File, string? Bucket, string? Key, long Size, DateTimeOffset? Modified, string Why);
