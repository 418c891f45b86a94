using S3Overlay.Proxy.Concurrency;

namespace S3Overlay.Tests.Embedded.Memory;

public sealed class WeightedCacheTests
{
    private readonly List<string> _left = [];
    private readonly WeightedCache<int, string> _cache;

    public WeightedCacheTests() => _cache = new(limit: 100) { Left = _left.Add };

    [Fact]
    public void The_weight_never_exceeds_the_limit()
    {
        for (var key = 0; key < 1000; key++)
        {
            _cache.Set(key, $"{key}", 1 + (key % 40));
            Assert.InRange(_cache.Weight, 1, 100);
        }

        _cache.Clear();
        Assert.Equal((0, 1000), (_cache.Weight, _left.Distinct().Count()));
    }

    [Fact]
    public void What_is_read_again_survives_a_scan()
    {
        for (var key = 0; key < 5; key++)
        {
            _cache.Set(key, $"hot {key}", 10);
        }

        for (var key = 100; key < 200; key++)
        {
            Assert.All(Enumerable.Range(0, 5), hot => Assert.True(_cache.TryGet(hot, out _), $"{hot} left for {key}"));
            _cache.Set(key, $"cold {key}", 10);
        }

        Assert.DoesNotContain(_left, static value => value.StartsWith("hot", StringComparison.Ordinal));
    }

    [Fact]
    public void What_was_read_leaves_once_others_are_read_instead()
    {
        _cache.Set(1, "once hot", 50);
        Assert.True(_cache.TryGet(1, out _));
        for (var key = 100; key < 120; key++)
        {
            _cache.Set(key, $"{key}", 20);
            _cache.TryGet(key, out _);
        }

        Assert.False(_cache.TryGet(1, out _));
        Assert.Contains("once hot", _left);
    }

    [Fact]
    public void A_later_value_replaces_an_earlier_one_and_removed_ones_are_gone()
    {
        _cache.Set(1, "old", 30);
        _cache.Set(1, "new", 20);
        Assert.Equal((true, "new", 20), (_cache.TryGet(1, out var value), value, _cache.Weight));
        _cache.Remove(1);
        _cache.Remove(2);
        Assert.False(_cache.TryGet(1, out _));
        Assert.Equal(["old", "new"], _left);
    }

    [Fact]
    public void What_is_heavier_than_the_limit_is_not_remembered_nor_is_what_it_replaces()
    {
        _cache.Set(1, "old", 30);
        _cache.Set(2, "other", 30);
        _cache.Set(1, "too heavy", 101);
        Assert.False(_cache.TryGet(1, out _));
        Assert.True(_cache.TryGet(2, out _));
    }

    [Fact]
    public async Task Many_at_once_lose_no_value_and_count_right()
    {
        var left = 0;
        var cache = new WeightedCache<int, string>(limit: 500) { Left = _ => Interlocked.Increment(ref left) };
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(() =>
        {
            var random = new Random(worker);
            for (var i = 0; i < 20_000; i++)
            {
                var key = random.Next(100);
                switch (random.Next(4))
                {
                    case 0:
                        cache.Set(key, $"{key}", 1 + (key % 20));
                        break;
                    case 1:
                        cache.Remove(key);
                        break;
                    default:
                        Assert.True(!cache.TryGet(key, out var value) || value == $"{key}");
                        break;
                }
            }
        })));
        var kept = Enumerable.Range(0, 100).Where(key => cache.TryGet(key, out _)).Sum(static key => 1 + (key % 20));
        Assert.Equal(kept, cache.Weight);
        Assert.InRange(kept, 0, 500);
        Assert.True(left > 0);
    }
}
