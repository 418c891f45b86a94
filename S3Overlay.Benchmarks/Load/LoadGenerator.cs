using System.Diagnostics;

namespace S3Overlay.Benchmarks.Load;

/// <summary>Sends prepared requests over a number of connections, one in flight on each, a thread a connection.</summary>
public static class LoadGenerator
{
    /// <summary>Drives a server for a while.</summary>
    /// <param name="port">Its loopback port.</param>
    /// <param name="connections">How many connections at once.</param>
    /// <param name="requests">The requests as bytes; each connection goes round them from a place of its own.</param>
    /// <param name="duration">How long.</param>
    /// <param name="serverCpu">Reads the server's processor time so far.</param>
    public static Measurement Run(int port, int connections, byte[][] requests, TimeSpan duration, Func<TimeSpan> serverCpu)
    {
        using var ready = new Barrier(connections + 1);
        long count = 0, bytes = 0;
        var stop = false;
        Exception? failure = null;
        var threads = Enumerable.Range(0, connections).Select(index => new Thread(() =>
        {
            long mine = 0, read = 0;
            try
            {
                using var connection = new LoadConnection(port);
                connection.Exchange(requests[index % requests.Length]);
                ready.SignalAndWait();
                for (var i = index; !Volatile.Read(ref stop); i++)
                {
                    read += connection.Exchange(requests[i % requests.Length]);
                    mine++;
                }
            }
            catch (Exception e)
            {
                failure = e;
                Volatile.Write(ref stop, true);
                ready.RemoveParticipant();
            }

            Interlocked.Add(ref count, mine);
            Interlocked.Add(ref bytes, read);
        })).ToList();
        threads.ForEach(thread => thread.Start());
        ready.SignalAndWait();
        var cpuBefore = serverCpu();
        var clock = Stopwatch.StartNew();
        Thread.Sleep(duration);
        Volatile.Write(ref stop, true);
        threads.ForEach(thread => thread.Join());
        var elapsed = clock.Elapsed;
        var cpu = serverCpu() - cpuBefore;
        return failure is null ? new Measurement(count, bytes, elapsed, cpu) : throw new InvalidOperationException("The load could not be sent.", failure);
    }
}
