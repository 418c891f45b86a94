using S3Overlay.Proxy.Overlay.Layers;

namespace S3Overlay.Tests.Embedded.Cache;

/// <summary>Pins that are changed at once: evictions see the newest.</summary>
public sealed class PinOrderTests
{
    [Fact, Trait("Rule", "E6")]
    public async Task An_answer_of_the_store_that_arrives_late_hides_no_later_pin()
    {
        var store = new LateStore();
        var pins = new CachePins(store);
        var first = pins.AddAsync(new CachePin("bucket", "a", IsPrefix: false), null, 100, isDryRun: false, default);
        var second = pins.AddAsync(new CachePin("bucket", "b", IsPrefix: false), null, 100, isDryRun: false, default);
        store.Late.SetResult();
        await Task.WhenAll(first, second);

        Assert.True(pins.Has("bucket", "a"));
        Assert.True(pins.Has("bucket", "b"));
    }

    /// <summary>Makes each change at once, and answers the first one late.</summary>
    private sealed class LateStore : IPinStore
    {
        private IReadOnlyList<CachePin> _pins = [];
        private int _changes;

        public TaskCompletionSource Late { get; } = new();

        public Task<IReadOnlyList<CachePin>> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(_pins);

        public async Task<IReadOnlyList<CachePin>> ChangeAsync(
            Func<IReadOnlyList<CachePin>, IReadOnlyList<CachePin>> change, CancellationToken cancellationToken)
        {
            var after = _pins = change(_pins);
            if (_changes++ == 0)
            {
                await Late.Task;
            }

            return after;
        }
    }
}
