using System.Globalization;

using S3Overlay.Proxy.Overlay.Cache.Freshness;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>The headers that say where an answer comes from (rule T4).</summary>
internal static class ResponseOrigin
{
    /// <summary>Held bytes.</summary>
    public static void Held(S3Response answer, FreshnessVerdict verdict) => Set(
        answer, "cache", verdict.Use switch { EntryUsability.Revalidated => "REVALIDATED", EntryUsability.Stale => "STALE", _ => "HIT" },
        verdict.Age);

    /// <summary>Nothing: the client wants what is held, and no more.</summary>
    public static void NotHeld(S3Response answer) => Set(answer, "cache", "MISS", TimeSpan.Zero);

    /// <summary>Bytes that come from the remote and are being held on the way, a fill that was joined included.</summary>
    public static void Miss(S3Response answer) => Set(answer, "remote", "MISS", TimeSpan.Zero);

    /// <summary>What is never held: caching is off, or this cannot be.</summary>
    public static void Bypass(S3Response answer) => Set(answer, "remote", "BYPASS", TimeSpan.Zero);

    private static void Set(S3Response answer, string layer, string cache, TimeSpan age)
    {
        answer.Headers[OriginHeaders.Layer] = layer;
        answer.Headers[OriginHeaders.Cache] = cache;
        answer.Headers.Age = age < TimeSpan.FromSeconds(1) ? "0" : ((long)age.TotalSeconds).ToString(CultureInfo.InvariantCulture);
    }
}
