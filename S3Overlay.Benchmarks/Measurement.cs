namespace S3Overlay.Benchmarks;

/// <summary>What one server did in one measurement.</summary>
/// <param name="Requests">Complete responses.</param>
/// <param name="Bytes">Body bytes, in either direction.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="ServerCpu">User and system time of the server, including its work after the last response.</param>
/// <param name="RemoteBytes">Body bytes that the test remote sent for it.</param>
public sealed record Measurement(long Requests, long Bytes, TimeSpan Elapsed, TimeSpan ServerCpu, long RemoteBytes)
{
    /// <summary>How long after its request a response began: the median, in milliseconds. 0 for a sum.</summary>
    public double FirstByte { get; init; }

    /// <summary>The server's resident memory after it, in bytes. 0 for a sum.</summary>
    public long Resident { get; init; }

    /// <summary>Nothing yet.</summary>
    public static Measurement None { get; } = new(0, 0, default, default, 0);

    /// <summary>Both together, one after the other.</summary>
    public static Measurement operator +(Measurement one, Measurement other) =>
        new(one.Requests + other.Requests, one.Bytes + other.Bytes, one.Elapsed + other.Elapsed, one.ServerCpu + other.ServerCpu,
            one.RemoteBytes + other.RemoteBytes);

    /// <summary>Responses per second.</summary>
    public double RequestsPerSecond => Requests / Elapsed.TotalSeconds;

    /// <summary>Millions of body bytes a second.</summary>
    public double MegabytesPerSecond => Bytes / 1e6 / Elapsed.TotalSeconds;

    /// <summary>Microseconds a request, over all connections.</summary>
    public double MicrosecondsPerRequest => Elapsed.TotalMicroseconds / Requests;

    /// <summary>Microseconds of the server's processor time a request.</summary>
    public double CpuMicrosecondsPerRequest => ServerCpu.TotalMicroseconds / Requests;

    /// <summary>Seconds of the server's processor time a GiB.</summary>
    public double CpuSecondsPerGiB => ServerCpu.TotalSeconds / (Bytes / (double)(1L << 30));

    /// <summary>KiB that the test remote sent a request.</summary>
    public double RemoteKibibytesPerRequest => RemoteBytes / 1024.0 / Requests;
}
