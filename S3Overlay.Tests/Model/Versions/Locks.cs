namespace S3Overlay.Tests.Model.Versions;

/// <summary>Locks in requests.</summary>
internal static class Locks
{
    /// <summary>
    /// The evening some days later. Requests come at noon, so a few seconds do not decide whether a lock has ended.
    /// </summary>
    public static DateTimeOffset Evening(DateTimeOffset now, int days) =>
        new(now.UtcDateTime.Date.AddDays(days).AddHours(18), TimeSpan.Zero);

    public static (string, string)[] Bypass(bool bypasses) => bypasses ? [("x-amz-bypass-governance-retention", "true")] : [];
}
