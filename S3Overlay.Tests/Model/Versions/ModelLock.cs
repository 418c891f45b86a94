namespace S3Overlay.Tests.Model.Versions;

/// <summary>What keeps a version from being deleted.</summary>
/// <param name="Mode">The mode of its retention. Null if it has none.</param>
/// <param name="Until">When the retention ends.</param>
/// <param name="Hold">Whether there is a legal hold. Null if none was ever set.</param>
internal sealed record ModelLock(string? Mode, DateTimeOffset? Until, bool? Hold)
{
    public const string Governance = "GOVERNANCE";

    public const string Compliance = "COMPLIANCE";

    public static readonly ModelLock None = new(null, null, null);

    public bool IsRetained(DateTimeOffset now) => Mode is not null && Until > now;

    public bool Protects(DateTimeOffset now, bool bypasses) =>
        Hold == true || (IsRetained(now) && !(bypasses && Mode == Governance));

    /// <summary>Whether a request may replace the retention.</summary>
    /// <param name="mode">The new mode. Null to remove it.</param>
    public bool MayBecome(string? mode, DateTimeOffset until, DateTimeOffset now, bool bypasses) =>
        !IsRetained(now) || (mode == Mode && until >= Until) || (bypasses && Mode == Governance);

    public override string ToString() => $"{Mode ?? "-"} {(Until is { } until ? Date(until) : "-")} {Hold switch
    {
        true => "ON", false => "OFF", null => "-",
    }}";

    /// <summary>A date as requests have it.</summary>
    public static string Date(DateTimeOffset date) => date.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'",
        System.Globalization.CultureInfo.InvariantCulture);
}
