using System.Diagnostics;

namespace S3Overlay.Benchmarks.Load;

/// <summary>
/// Sends requests over several connections to a server: one thread and one request in flight for each.
/// </summary>
public sealed class LoadGenerator : IDisposable
{
    private readonly LoadConnection[] _connections;
    private readonly RequestStream _stream;
    private readonly bool _isInStep;

    /// <summary>Connects.</summary>
    /// <param name="port">The server's loopback port.</param>
    /// <param name="stream">What to send.</param>
    /// <param name="isInStep">Whether all connections send the same request at the same time.</param>
    public LoadGenerator(int port, int connections, RequestStream stream, bool isInStep = false)
    {
        _connections = [.. Enumerable.Range(0, connections).Select(_ => new LoadConnection(port))];
        (_stream, _isInStep) = (stream, isInStep);
    }

    /// <summary>Loads the server. The measured time ends with the last response.</summary>
    /// <param name="duration">How long requests are sent. Ignored if there is a batch.</param>
    /// <param name="batch">How many requests are sent. Null to send for <paramref name="duration"/>.</param>
    /// <exception cref="InvalidOperationException">A response was an error or is missing.</exception>
    public LoadResult Run(TimeSpan duration, int? batch)
    {
        long count = 0, bytes = 0;
        List<double> waits = [];
        var left = batch ?? long.MaxValue;
        var stop = false;
        LoadRequest? common = null;
        Exception? failure = null;
        using var ready = new Barrier(_connections.Length + 1);
        using var step = new Barrier(_connections.Length, _ => common = TakeOne());
        var threads = Array.ConvertAll(_connections, connection => new Thread(() =>
        {
            long mine = 0, read = 0;
            List<double> firstBytes = [];
            ready.SignalAndWait();
            try
            {
                while (Take() is { } request)
                {
                    read += connection.Exchange(request) + request.Body.Length;
                    mine++;
                    firstBytes.Add(connection.FirstByte.TotalMilliseconds);
                }
            }
            catch (Exception e)
            {
                failure = e;
                Volatile.Write(ref stop, true);
                step.RemoveParticipant();
            }

            Interlocked.Add(ref count, mine);
            Interlocked.Add(ref bytes, read);
            lock (waits)
            {
                waits.AddRange(firstBytes);
            }
        }));
        Array.ForEach(threads, thread => thread.Start());
        var clock = Stopwatch.StartNew();
        ready.SignalAndWait();
        if (batch is null)
        {
            Thread.Sleep(duration);
            Volatile.Write(ref stop, true);
        }

        Array.ForEach(threads, thread => thread.Join());
        return failure is null ? new(count, bytes, clock.Elapsed, waits.Count == 0 ? 0 : Statistics.Median(waits))
            : throw new InvalidOperationException($"The load could not be sent: {failure.Message}", failure);

        LoadRequest? Take()
        {
            if (!_isInStep)
            {
                return TakeOne();
            }

            step.SignalAndWait();
            return common;
        }

        LoadRequest? TakeOne() => Volatile.Read(ref stop) || Interlocked.Decrement(ref left) < 0 ? null : _stream.Next();
    }

    public void Dispose() => Array.ForEach(_connections, connection => connection.Dispose());
}

/// <summary>What a load came to.</summary>
/// <param name="Requests">Complete responses.</param>
/// <param name="Bytes">Body bytes, in either direction.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="FirstByte">How long after its request a response began: the median, in milliseconds.</param>
public readonly record struct LoadResult(long Requests, long Bytes, TimeSpan Elapsed, double FirstByte);
