namespace S3Overlay.Benchmarks;

/// <summary>What one server did in one stretch of time.</summary>
/// <param name="Requests">Answers received whole.</param>
/// <param name="Bytes">Body bytes received.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="ServerCpu">Processor time the server used meanwhile, user and system.</param>
public sealed record Measurement(long Requests, long Bytes, TimeSpan Elapsed, TimeSpan ServerCpu)
{
    /// <summary>Answers a second.</summary>
    public double RequestsPerSecond => Requests / Elapsed.TotalSeconds;

    /// <summary>Millions of body bytes a second.</summary>
    public double MegabytesPerSecond => Bytes / 1e6 / Elapsed.TotalSeconds;

    /// <summary>Microseconds of the server's processor time a request.</summary>
    public double CpuMicrosecondsPerRequest => ServerCpu.TotalMicroseconds / Requests;

    /// <summary>Seconds of the server's processor time a GiB.</summary>
    public double CpuSecondsPerGiB => ServerCpu.TotalSeconds / (Bytes / (double)(1L << 30));
}
