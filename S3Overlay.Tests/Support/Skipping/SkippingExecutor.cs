using System.Reflection;

using Xunit.Abstractions;
using Xunit.Sdk;

namespace S3Overlay.Tests.Support.Skipping;

/// <summary>
/// Runs tests as usual, except that classes get no fixtures if all tests of their collection are skipped: a fixture may start three
/// processes, or fill a store with thousands of keys.
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
        /// <remarks>The base limits how many collections run at once, so only those without a test to run go another way.</remarks>
        protected override Task<RunSummary> RunTestCollectionAsync(
            IMessageBus messageBus, ITestCollection testCollection, IEnumerable<IXunitTestCase> testCases,
            CancellationTokenSource cancellationTokenSource) =>
            testCases.All(static test => test.SkipReason is not null)
                ? new SkippedCollectionRunner(testCollection, testCases, DiagnosticMessageSink, messageBus, TestCaseOrderer,
                    new(Aggregator), cancellationTokenSource).RunAsync()
                : base.RunTestCollectionAsync(messageBus, testCollection, testCases, cancellationTokenSource);
    }

    private sealed class SkippedCollectionRunner(ITestCollection collection, IEnumerable<IXunitTestCase> cases, IMessageSink diagnostics,
        IMessageBus bus, ITestCaseOrderer orderer, ExceptionAggregator aggregator, CancellationTokenSource cancellation)
        : XunitTestCollectionRunner(collection, cases, diagnostics, bus, orderer, aggregator, cancellation)
    {
        protected override Task<RunSummary> RunTestClassAsync(
            ITestClass testClass, IReflectionTypeInfo type, IEnumerable<IXunitTestCase> cases) =>
            new SkippedClassRunner(testClass, type, cases, DiagnosticMessageSink, MessageBus, TestCaseOrderer, new(Aggregator),
                CancellationTokenSource, CollectionFixtureMappings).RunAsync();
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
