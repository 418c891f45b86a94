namespace S3Overlay.Proxy.Hosting.Diagnosis;

/// <summary>The result of a check.</summary>
internal enum Verdict
{
    /// <summary>All is well.</summary>
    Passed,

    /// <summary>Unknown, or possibly intended.</summary>
    Undecided,

    /// <summary>It must be fixed.</summary>
    Failed,
}

/// <summary>What a check found, for logs, the health page and the terminal.</summary>
/// <param name="Subject">What was checked, in a word or two: <c>remote</c>, <c>free space</c>.</param>
/// <param name="Verdict">The result.</param>
/// <param name="Message">The finding, with the names of the endpoint, bucket or folder.</param>
/// <param name="Remedy">What to do, with the setting's name; null for nothing.</param>
internal sealed record Finding(string Subject, Verdict Verdict, string Message, string? Remedy = null)
{
    /// <summary>The setting that is wrong, or that names what was checked; null for none.</summary>
    public string? Setting { get; init; }

    /// <summary>Message and remedy in one line.</summary>
    public override string ToString() => Remedy is null ? Message : $"{Message} {Remedy}";
}
