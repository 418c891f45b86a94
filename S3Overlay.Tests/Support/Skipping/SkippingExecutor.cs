using System.Reflection;

using Xunit.Abstractions;
using Xunit.Sdk;

namespace S3Overlay.Tests.Support.Skipping;

/// <summary>
/// Runs tests as usual, except that a class whose tests are all skipped gets no fixtures: a fixture may start three processes, or fill a
/// store with thousands of keys.
/// </summary>
internal sealed class SkippingExecutor(AssemblyName assembly, ISourceInformationProvider sources, IMessageSink diagnostics)
    : XunitTestFrameworkExecutor(assembly, sources, diagnostics)
{
    protected override async void RunTestCases(
        IEnumerable<IXunitTestCase> testCases, IMessageSink executionMessageSink, ITestFrameworkExecutionOptions executionOptions)
    {
        using var runner = new AssemblyRunner(TestAssembly, testCases, DiagnosticMessageSink, executionMessageSink, executionOptions);
        await runner.RunAsync();
    }

    private sealed class AssemblyRunner(ITestAssembly assembly, IEnumerable<IXunitTestCase> cases, IMessageSink diagnostics,
        IMessageSink messages, ITestFrameworkExecutionOptions options)
        : XunitTestAssemblyRunner(assembly, cases, diagnostics, messages, options)
    {
        protected override Task<RunSummary> RunTestCollectionAsync(
            IMessageBus bus, ITestCollection collection, IEnumerable<IXunitTestCase> cases, CancellationTokenSource cancellation) =>
            new CollectionRunner(collection, cases, DiagnosticMessageSink, bus, TestCaseOrderer, new(Aggregator), cancellation).RunAsync();
    }

    private sealed class CollectionRunner(ITestCollection collection, IEnumerable<IXunitTestCase> cases, IMessageSink diagnostics,
        IMessageBus bus, ITestCaseOrderer orderer, ExceptionAggregator aggregator, CancellationTokenSource cancellation)
        : XunitTestCollectionRunner(collection, cases, diagnostics, bus, orderer, aggregator, cancellation)
    {
        protected override Task<RunSummary> RunTestClassAsync(
            ITestClass testClass, IReflectionTypeInfo type, IEnumerable<IXunitTestCase> cases) =>
            cases.All(static test => test.SkipReason is not null)
                ? new SkippedClassRunner(testClass, type, cases, DiagnosticMessageSink, MessageBus, TestCaseOrderer, new(Aggregator),
                    CancellationTokenSource, CollectionFixtureMappings).RunAsync()
                : base.RunTestClassAsync(testClass, type, cases);
    }

    private sealed class SkippedClassRunner(ITestClass testClass, IReflectionTypeInfo type, IEnumerable<IXunitTestCase> cases,
        IMessageSink diagnostics, IMessageBus bus, ITestCaseOrderer orderer, ExceptionAggregator aggregator,
        CancellationTokenSource cancellation, IDictionary<Type, object> fixtures)
        : XunitTestClassRunner(testClass, type, cases, diagnostics, bus, orderer, aggregator, cancellation, fixtures)
    {
        protected override void CreateClassFixture(Type fixtureType)
        {
        }

        protected override object[] CreateTestClassConstructorArguments() => [];
    }
}
