using System.Globalization;

using S3Overlay.Proxy.Overlay.Freshness;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Reads;

/// <summary>The headers that say where an answer comes from (rule T4).</summary>
internal static class AnswerOrigin
{
    /// <summary>Held bytes.</summary>
    public static void Held(S3Answer answer, CopyVerdict verdict) => Set(
        answer, "cache", verdict.Use switch { CopyUse.Revalidated => "REVALIDATED", CopyUse.Stale => "STALE", _ => "HIT" }, verdict.Age);

    /// <summary>Nothing: the client wants what is held, and no more.</summary>
    public static void NotHeld(S3Answer answer) => Set(answer, "cache", "MISS", TimeSpan.Zero);

    /// <summary>Bytes that come from the remote and are being held on the way, a fill that was joined included.</summary>
    public static void Miss(S3Answer answer) => Set(answer, "remote", "MISS", TimeSpan.Zero);

    /// <summary>What is never held: caching is off, or this cannot be.</summary>
    public static void Bypass(S3Answer answer) => Set(answer, "remote", "BYPASS", TimeSpan.Zero);

    private static void Set(S3Answer answer, string layer, string cache, TimeSpan age)
    {
        answer.Headers[OriginHeaders.Layer] = layer;
        answer.Headers[OriginHeaders.Cache] = cache;
        answer.Headers.Age = age < TimeSpan.FromSeconds(1) ? "0" : ((long)age.TotalSeconds).ToString(CultureInfo.InvariantCulture);
    }
}
