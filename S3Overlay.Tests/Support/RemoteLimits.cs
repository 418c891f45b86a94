namespace S3Overlay.Tests.Support;

/// <summary>
/// Timeouts of the remote for a proxy whose clock runs faster than a busy machine works. A slow machine must not look like a hanging
/// remote.
/// </summary>
internal static class RemoteLimits
{
    /// <summary>For a clock that only skips pauses, or jumps by hours: no limit is ever reached.</summary>
    public static readonly (string Name, string Value)[] Far =
        [("S3_OVERLAY_REMOTE_FIRST_BYTE_TIMEOUT", "24h"), ("S3_OVERLAY_REMOTE_STALL_TIMEOUT", "24h"), ("S3_OVERLAY_REMOTE_BUDGET", "48h")];

    /// <summary>For a clock that runs fast only while something must fail.</summary>
    public static readonly (string Name, string Value)[] Hurried =
        [("S3_OVERLAY_REMOTE_FIRST_BYTE_TIMEOUT", "2m"), ("S3_OVERLAY_REMOTE_STALL_TIMEOUT", "1h"), ("S3_OVERLAY_REMOTE_BUDGET", "2h")];

    /// <summary>The connect timeout, on the machine's clock, which no test controls. A budget may not be shorter.</summary>
    public static readonly (string Name, string Value) Connect = ("S3_OVERLAY_REMOTE_CONNECT_TIMEOUT", "3m");
}
