using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Known;

/// <summary>
/// The fills whose chunks copies that somebody uses in this process are made of, and what waits until none is: a copy that is dropped is
/// read to its end by those who had it before (rule R7).
/// </summary>
internal sealed class FillUsers
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Use> _uses = [];

    /// <summary>A copy has its first user; or its chunks are another fill's from now on, and perhaps the one's before still.</summary>
    public void Enter(SharedEntry copy)
    {
        var fill = copy.Record.Fill;
        lock (_lock)
        {
            if (!copy.UsedFills.Contains(fill))
            {
                copy.UsedFills.Add(fill);
                CollectionsMarshal.GetValueRefOrAddDefault(_uses, fill, out _).Count++;
            }
        }
    }

    /// <summary>A copy has lost its last user.</summary>
    /// <returns>What waited for that, to be done by the caller; null for nothing.</returns>
    public Action? Leave(SharedEntry copy)
    {
        Action? waiting = null;
        lock (_lock)
        {
            foreach (var fill in copy.UsedFills)
            {
                ref var use = ref CollectionsMarshal.GetValueRefOrNullRef(_uses, fill);
                if (--use.Count == 0)
                {
                    waiting += use.Waiting;
                    _uses.Remove(fill);
                }
            }

            copy.UsedFills.Clear();
        }

        return waiting;
    }

    /// <summary>Whether anybody uses a fill's chunks.</summary>
    public bool Any(Guid fill)
    {
        lock (_lock)
        {
            return _uses.ContainsKey(fill);
        }
    }

    /// <summary>Does something once nobody does, which may be now.</summary>
    public void WhenUnused(Guid fill, Action action)
    {
        lock (_lock)
        {
            ref var use = ref CollectionsMarshal.GetValueRefOrNullRef(_uses, fill);
            if (!Unsafe.IsNullRef(ref use))
            {
                use.Waiting += action;
                return;
            }
        }

        action();
    }

    private struct Use
    {
        public int Count;
        public Action? Waiting;
    }
}
