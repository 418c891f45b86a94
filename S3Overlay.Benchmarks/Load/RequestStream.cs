using S3Overlay.Benchmarks.Servers;
using S3Overlay.Benchmarks.Workloads;

namespace S3Overlay.Benchmarks.Load;

/// <summary>
/// The sequence of requests to one server, for any number of connections. The next measurement continues it.
/// </summary>
public sealed class RequestStream
{
    private static int _streams;

    private readonly Func<long, LoadRequest> _make;
    private readonly LoadRequest[]? _round;
    private long _next;

    /// <summary>Makes the requests that are sent again and again. They are signed once: a signature is good for 15 minutes.</summary>
    /// <param name="ask">The request of a number.</param>
    /// <param name="variants">How many there are. Null: each is made when it is sent, and no other stream of this process has its
    /// number.</param>
    public RequestStream(IServerUnderTest server, string bucket, Func<long, Ask> ask, int? variants)
    {
        _make = number => server.Request(bucket, ask(number));
        if (variants is { } count)
        {
            var numbers = Enumerable.Range(0, count).ToArray();
            new Random(1).Shuffle(numbers);
            _round = Array.ConvertAll(numbers, number => _make(number));
        }
        else
        {
            _next = (long)Interlocked.Increment(ref _streams) << 32;
        }
    }

    /// <summary>The next request.</summary>
    public LoadRequest Next()
    {
        var number = Interlocked.Increment(ref _next) - 1;
        return _round is { } round ? round[number % round.Length] : _make(number);
    }
}
